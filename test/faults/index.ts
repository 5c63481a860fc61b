// The fault matrix in the order of its rows.

import { CROWDED } from './crowded.ts';
import { DAMAGED } from './damaged.ts';
import { DISK } from './disk.ts';
import { GONE } from './gone.ts';
import { HOSTS } from './hosts.ts';
import { KILLED } from './killed.ts';
import { REFUSED } from './refused.ts';
import type { Row } from './support/row.ts';

export const ROWS: readonly Row[] = [...GONE, ...CROWDED, ...REFUSED, ...KILLED, ...DAMAGED, ...DISK, ...HOSTS];
