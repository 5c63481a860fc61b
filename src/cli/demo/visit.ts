// The requests of the demo: some fine, some failing, two slow, one to nowhere.

interface Visit {
  method?: string;
  path: string;
  body?: unknown;
  times: number;
}

const VISITS: readonly Visit[] = [
  { path: '/reports/weekly', times: 2 },
  { path: '/', times: 12 },
  { path: '/dogs/1', times: 20 },
  { path: '/dogs/2', times: 14 },
  { path: '/dogs/3/owner', times: 6 },
  { method: 'POST', path: '/appointments', body: { dogId: 2, slot: 'Tuesday 10:00' }, times: 4 },
  { path: '/invoices/1042', times: 3 },
  { path: '/cats/7', times: 2 },
];

/** @returns how many requests were answered, by status */
export async function visit(url: string): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const requests = VISITS.flatMap(({ times, ...request }) => Array<Omit<Visit, 'times'>>(times).fill(request));
  await Promise.all(
    requests.map(async ({ method = 'GET', path, body }) => {
      const response = await fetch(new URL(path, url), {
        method,
        headers: { 'content-type': 'application/json', connection: 'close' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      await response.arrayBuffer();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    }),
  );
  return statuses;
}
