import { cpSync } from 'node:fs';
import { defineConfig } from 'tsdown';

// Unbundled: the tree of dist/ is the tree of the sources, in ESM (.mjs) and CommonJS (.cjs), so that stack traces,
// worker entries and SQL files are where a reader expects them.
export default defineConfig({
  entry: [
    'src/index.ts',
    'src/register.ts',
    'src/preload.ts',
    'src/thread.ts',
    'src/fingerprint.ts',
    'src/cli/main.ts',
    'exporters/*/index.ts',
  ],
  format: ['esm', 'cjs'],
  unbundle: true,
  fixedExtension: true,
  shims: true,
  dts: true,
  platform: 'node',
  target: 'node20',
  outDir: 'dist',
  clean: true,
  // How long the bundler took is no concern of whoever runs the demo.
  inputOptions: { checks: { bundlerTimings: false, pluginTimings: false } },
  onSuccess: () => cpSync('src/store/migrations', 'dist/src/store/migrations', { recursive: true }),
});
