// `openPglite` as the package shows it: a Db. The declarations of PGlite need types that it does not bring, and it is an
// optional package, so an application that checks libraries (`skipLibCheck: false`) must not be led to them.

import type { Db } from '../../src/store/db.ts';
import { openPglite as open } from '../../src/store/pglite.ts';

/** @throws RowtraceError RT_EMBEDDED_MISSING when the optional package is not installed */
export const openPglite: (dir?: string) => Promise<Db> = open;
