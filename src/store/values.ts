// How column values become JavaScript values, alike for pg and PGlite.

/** bigint: a number where it is exact, else the digits as text (JSON knows no BigInt). */
export function parseBigint(digits: string): number | string {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : digits;
}
