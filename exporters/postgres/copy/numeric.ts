// Decimal text → the binary form of numeric: base-10,000 digits, a weight, a sign and the number of decimals, as Postgres
// reads the same text (digits after the point are kept, an exponent moves it).

const DECIMAL = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,4}))?$/;
const NEGATIVE = 0x4000;
/** What Postgres keeps behind the point. */
const MAX_SCALE = 16_383;

/** [ndigits, weight, sign, dscale, digits …], each 16 bits; undefined for what is no plain decimal. */
export function numericDigits(text: string): number[] | undefined {
  const found = DECIMAL.exec(text);
  if (!found) return undefined;
  const [, sign, whole = '', decimals = found[4] ?? '', , exponent = '0'] = found;
  // The point moves to the right by the exponent.
  const point = whole.length + Number(exponent);
  const scale = Math.max(0, decimals.length - Number(exponent));
  if (scale > MAX_SCALE || point > 100_000) return undefined;
  let digits = whole + decimals;
  let integer = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '';
  let fraction = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits;
  integer = integer.replace(/^0+/, '');
  fraction = fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0');
  integer = integer.padStart(Math.ceil(integer.length / 4) * 4, '0');
  digits = integer + fraction;
  const groups: number[] = [];
  for (let at = 0; at < digits.length; at += 4) groups.push(Number(digits.slice(at, at + 4)));
  let weight = integer.length / 4 - 1;
  while (groups[0] === 0) {
    groups.shift();
    weight--;
  }
  while (groups.at(-1) === 0) groups.pop();
  if (groups.length === 0) return [0, 0, 0, scale];
  return [groups.length, weight, sign === '-' ? NEGATIVE : 0, scale, ...groups];
}
