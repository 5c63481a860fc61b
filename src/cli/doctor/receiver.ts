// The receiver that the application ships to: there, knows the key, has its database (or its queue). Sends an empty batch.

import { createHttpSink } from '../../../exporters/http/index.ts';
import { hopOfMessage } from './canary/hop.ts';
import type { Finding } from './finding.ts';

const TIMEOUT_MILLIS = 10_000;

export async function checkReceiver(endpoint: string, apiKey: string | undefined): Promise<Finding> {
  const sink = createHttpSink({ endpoint, ...(apiKey === undefined ? {} : { apiKey }), timeoutMillis: TIMEOUT_MILLIS });
  try {
    await sink.open();
    return { state: 'ok', name: 'receiver', text: `${endpoint} takes rows` };
  } catch (error) {
    const { text, fix = `Look at ${endpoint}.` } = hopOfMessage((error as Error).message);
    return { state: 'problem', name: 'receiver', text, fix };
  }
}
