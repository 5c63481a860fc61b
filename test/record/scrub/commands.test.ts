// Passwords among the arguments of commands, by letter and by place, in a line and in a list.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();

describe('masks', () => {
  for (const args of [
    ['curl', '-s', '-u', 'rex:hunter2', 'https://x.io'],
    ['/usr/bin/curl', '--user', 'rex:hunter2', 'https://x.io'],
    ['mysqldump', '-u', 'root', '-phunter2', 'db'],
    ['mysql', '-phunter2'],
    ['sshpass', '-p', 'hunter2', 'ssh', 'x'],
    ['redis-cli', '-h', 'x', '-a', 'hunter2', 'ping'],
    ['mongodump', '--host', 'a', '-u', 'rex', '-p', 'hunter2', '--db', 'x', '--out', '/tmp/a-long-name-of-a-folder'],
    ['7z', 'x', 'a.zip', '-phunter2'],
    ['unzip', '-P', 'hunter2', 'a.zip'],
    ['sqlcmd', '-S', 'x', '-U', 'sa', '-P', 'hunter2', '-Q', 'select 1'],
    ['ldapsearch', '-x', '-D', 'cn=admin', '-w', 'hunter2', '-b', 'dc=x'],
    ['keytool', '-genkey', '-storepass', 'hunter2'],
    ['az', 'login', '-u', 'a', '-p', 'hunter2'],
    ['rabbitmqctl', 'change_password', 'rex', 'hunter2'],
    ['htpasswd', '-bc', 'file', 'rex', 'hunter2'],
  ])
    it(args.join(' '), () => {
      const kept = args.filter((arg) => !arg.includes('hunter2'));
      const line = `Command failed: ${args.join(' ')}\nexit 1`;
      const forms = args[0] === 'az' ? [line] : [line, inspect({ spawnargs: args, n: 1 }), `x ${JSON.stringify(args)}`];
      for (const form of forms) {
        const masked = scrubber.text(form);
        assert.ok(!masked.includes('hunter2'), masked);
        for (const arg of kept) assert.ok(masked.includes(arg), `${arg}: ${masked}`);
      }
    });
});

describe('leaves', () => {
  for (const clean of [
    'Command failed: ssh -p 2222 x',
    'Command failed: docker run -p 8080:80 mongo',
    'Command failed: mkdir -p /app/mysql',
    'Command failed: mysql -p db',
    'Command failed: unzip -o a.zip',
    'Command failed: 7z x a.zip',
    'Command failed: rabbitmqctl list_users',
    'Command failed: ldapsearch -x -b dc=x',
    inspect({ spawnargs: ['curl', '-u', 'rex', 'https://x.io:80'] }),
    inspect({ spawnargs: ['psql', '-p', '5432', '-U', 'rex'] }),
    inspect({ path: 'mysql', list: ['a', '-q'] }),
  ])
    it(clean, () => assert.equal(scrubber.text(clean), clean));
});
