// Names that end in "key": which are secrets, which are settings, and which are either and are told apart by their values.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

/** As a value is written: in tags, in what a setting is called beside it, in JSON, in a text, in a query. */
function forms(name: string, value: string): string[] {
  return [
    JSON.stringify(scrubber.tags({ [name]: value })),
    JSON.stringify(scrubber.tags({ key: name, value })),
    scrubber.text(`{"${name}":"${value}"}`),
    scrubber.text(`{"key":"${name}","value":"${value}"}`),
    scrubber.text(`refused { ${name}: '${value}', n: 1 }`),
    scrubber.text(`refused { key: '${name}', value: '${value}' }`),
    scrubber.text(`refused ${name}=${value} n=1`),
    scrubber.text(`/a?${name}=${value}&n=1`),
  ];
}

function masked(name: string, value: string): void {
  for (const form of forms(name, value)) assert.ok(form.includes(M) && !form.includes(value), `${name}: ${form}`);
}

function kept(name: string, value: string): void {
  for (const form of forms(name, value)) assert.ok(!form.includes(M) && form.includes(value), `${name}: ${form}`);
}

describe('secrets, whatever stands there', () => {
  for (const name of [
    ...['apiKey', 'x-api-key', 'secretKey', 'privateKey', 'accessKey', 'encryptionKey', 'signingKey', 'masterKey'],
    ...['authKey', 'appKey', 'applicationKey', 'accountKey', 'subscriptionKey', 'consumerKey', 'sharedKey', 'privkey'],
    ...['symmetricKey', 'sasKey', 'ingestKey', 'hmacKey', 'aesKey', 'sshKey', 'adminKey', 'rootKey', 'licenseKey'],
    ...['recoveryKey', 'backupKey', 'webhookKey', 'deployKey', 'jwtKey', 'stripeKey', 'openai_key', 'sessionKey'],
    ...['clientSecretKey', 'clientApiKey', 'storageAccountKey', 'serverPrivateKey'],
    ...['STORAGE_KEY', 'CLIENT_KEY', 'SERVICE_ROLE_KEY', 'SERVER_KEY', 'DATABASE_KEY'],
  ])
    it(name, () => masked(name, 'letmein'));
});

describe('settings', () => {
  for (const name of [
    ...['cacheKey', 'sortKey', 'primaryKey', 'partitionKey', 'routingKey', 'foreignKey', 'idempotencyKey', 'queryKey'],
    ...['i18nKey', 'translationKey', 'groupKey', 'objectKey', 'messageKey', 'lockKey', 'hashKey', 'eventKey', 'keyId'],
    ...['publicKey', 'sshPublicKey', 'publishableKey', 'projectKey', 'featureKey', 'hotkey', 'monkey'],
  ])
    it(name, () => {
      kept(name, 'theme');
      kept(name, 'user17x');
    });
});

describe('settings where words stand, else secrets', () => {
  const names = [
    ...['storageKey', 'localStorageKey', 'storage_key', 'roleKey', 'clientKey', 'client-key', 'serverKey'],
    ...['serviceKey', 'serviceRoleKey', 'dbKey', 'databaseKey'],
  ];
  for (const name of names)
    it(name, () => {
      for (const value of ['theme', 'admin', 'supabase.auth.state', 'userSettings', 'sort-order', 'users:list'])
        kept(name, value);
      for (const value of [
        ...['hunter2', 'Eby8vdM02xNOcqFlqUw==', 'AAAAx9:APA91bH', '3f2504e0-4f89-11d3-9a0c-0305e82c3301'],
        ...['qhzkvnwpdmxrafbgtu', 'correct-horse-battery-staple', 'KXJDABCD', 'aQzRtYpLm', 'x'],
      ])
        masked(name, value);
    });

  it('own keys are masked whatever they are called', () => {
    assert.deepEqual(createScrubber({ keys: ['storageKey'] }).tags({ storageKey: 'theme' }), { storageKey: M });
  });
});
