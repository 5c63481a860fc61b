// The import rule of ARCHITECTURE.md, proven: rooms import downwards only, nothing imports in a circle.
// Tiers from the bottom; a room may import from its own tier's left neighbours where listed, and from any tier below.
const TIERS = [
  ['src/errors', 'src/util/'],
  ['src/record/'],
  ['src/store/', 'src/journal/', 'src/source-maps/'],
  ['src/otel/'],
  ['src/capture/', 'src/manual/', 'src/receive/', 'src/query/'],
  ['src/deliver/', 'src/triage/'],
  ['exporters/'],
  [
    'src/options/',
    'src/index',
    'src/start',
    'src/pipeline',
    'src/processors',
    'src/serve',
    'src/process-hooks',
    'src/preload',
    'src/register',
    'src/thread',
    'src/fingerprint',
  ],
  ['src/cli/'],
];

const pattern = (rooms) => `^(${rooms.join('|')})`;

const upward = TIERS.slice(0, -1).map((rooms, tier) => ({
  name: `upward-from-${rooms[0].replace(/\/$/, '')}`,
  severity: 'error',
  comment: 'A room imports from the rooms below it only; what it needs from above arrives as an argument.',
  from: { path: pattern(rooms) },
  to: { path: pattern(TIERS.slice(tier + 1).flat()) },
}));

const sideways = TIERS.filter(
  (rooms) => rooms.length > 1 && rooms[0] !== 'src/errors' && rooms[0] !== 'src/options/',
).flatMap((rooms) =>
  rooms.map((room) => ({
    name: `sideways-from-${room.replace(/\/$/, '')}`,
    severity: 'error',
    comment: 'Rooms of one tier do not know each other.',
    from: { path: pattern([room]) },
    to: { path: pattern(rooms.filter((other) => other !== room)) },
  })),
);

module.exports = {
  forbidden: [
    ...upward,
    ...sideways,
    { name: 'circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'database-driver-in-store-only',
      severity: 'error',
      comment: 'pg and PGlite are opened in store/.',
      from: { path: '^(src|exporters)/', pathNot: '^src/store/' },
      to: { path: 'node_modules/(pg|@electric-sql)/' },
    },
    {
      name: 'opentelemetry-where-it-belongs',
      severity: 'error',
      comment:
        'OpenTelemetry types live in capture/, manual/, receive/, the composition root and the OTel faces of exporters.',
      from: { path: '^src/(util|record|store|journal|source-maps|query|deliver|options|cli)/' },
      to: { path: 'node_modules/@opentelemetry/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
