// The storm valve: which occurrences are written down in full, and which are only counted. In: the key of each. Out: nothing
// (store it) or the bucket it counts in; count facts at each flush. Bounded in keys, in bytes and in what it costs; the
// sum of what is stored and what is counted is exact. A SIGKILL loses what was counted since the last flush.

import type { Counted, CountFact } from '../record/fact.ts';
import { isAtLeast, type Level } from '../record/level.ts';
import { ownCopy } from '../util/own-copy.ts';
import { CountBucket } from './count-bucket.ts';
import { isSameKind, roughWordsOf, type StormKey, templateWordsOf, wordsOf } from './storm-key.ts';

const MINUTE_MILLIS = 60_000;
/** Beyond so many different messages of one place in a minute, they are told apart by their templates. */
const EXACT_MESSAGES = 8;
/** New kinds of one type in a minute; the rest goes to the type's overflow, which is an issue of its own. */
const NEW_OF_TYPE = 100;
/** Of all types together. */
const MAX_KINDS = 1_000;
/** Templates made in a minute (15 µs each); whoever still has new words then counts as overflow. */
const MAX_TEMPLATES = 2_000;
const MAX_OVERFLOWS = 20;
/** Below WARNING a record makes no issue and is read for its details: so many times the rows before it is a storm. */
const QUIET_FACTOR = 50;
/** Full records a minute in characters, for each row of the limit: 8 Mi with the default of 20. */
const CHARS_PER_ROW = 400 * 1024;
/** Samples of buckets that are counting, in characters. */
const MAX_SAMPLE_CHARS = 4 * 1024 * 1024;
/** What their overflows are called in fingerprints. */
const OVERFLOW_FINGERPRINT = 'rowtrace.storm';

interface Place {
  /** By their words, to the letter or as a template. */
  buckets: Map<string, CountBucket>;
  /** The same by rough words, for this minute: found without making the template. */
  rough: Map<string, CountBucket>;
  /** Kept to the letter this minute. */
  exact: number;
}

type Class = 'critical' | 'loud' | 'quiet';

export class StormValve {
  readonly #rows: number;
  readonly #write: (fact: CountFact) => void;
  readonly #nameOf: (type: string) => string;
  readonly #now: () => number;
  readonly #places = new Map<string, Place>();
  readonly #overflows = new Map<string, CountBucket>();
  readonly #counting = new Set<CountBucket>();
  readonly #newOfType = new Map<string, number>();
  #last: { key: StormKey; bucket: CountBucket } | undefined;
  #kinds = 0;
  #templates = 0;
  #minute = 0;
  #time = 0;
  #quietSeen = 0;
  #sampleChars = 0;
  #spent: Record<Class, number> = { critical: 0, loud: 0, quiet: 0 };

  /**
   * @param rows full records of one kind a minute
   * @param nameOf what a type is called in public
   */
  constructor(
    rows: number,
    write: (fact: CountFact) => void,
    nameOf: (type: string) => string,
    now: () => number = Date.now,
  ) {
    this.#rows = rows;
    this.#write = write;
    this.#nameOf = nameOf;
    this.#now = now;
  }

  /** Nothing: to be stored in full. Otherwise the bucket to count it in, with `count`. */
  take(key: StormKey): CountBucket | undefined {
    this.#time = this.#now();
    const minute = Math.floor(this.#time / MINUTE_MILLIS);
    if (minute !== this.#minute) this.#begin(minute);
    const of = classOf(key.level);
    const allowed = of === 'quiet' ? this.#rows * QUIET_FACTOR : this.#rows;
    // What ends a process must not be missing because something else made noise before.
    if (of === 'critical' && this.#spend(of, key.chars)) return undefined;
    // Until then no key is made of them: an application that stores its INFO logs does not pay for keys.
    if (of === 'quiet' && ++this.#quietSeen <= allowed && this.#spend(of, key.chars)) return undefined;

    const bucket = this.#bucketOf(key);
    if (bucket === undefined)
      return of === 'quiet' && this.#spend(of, key.chars) ? undefined : this.#overflowOf(key.level, key.type);
    bucket.seen++;
    if ((bucket.seen <= allowed || isSample(bucket.seen)) && this.#spend(of, key.chars)) return undefined;
    if (bucket.like !== undefined) return bucket;
    this.#sampleChars += key.chars;
    return this.#sampleChars <= MAX_SAMPLE_CHARS ? bucket : this.#overflowOf(key.level, key.type);
  }

  /** `bucket` as `take` gave it just now, with `like` in it. */
  count(bucket: CountBucket, route: string | undefined): void {
    bucket.add(this.#time, route);
    this.#counting.add(bucket);
  }

  /** Writes down what was counted since the last time. */
  flush(): void {
    for (const bucket of this.#counting) {
      const fact = bucket.flush();
      if (fact !== undefined) this.#write(fact);
    }
    // Those of this minute stay: a level may be raised after the last was counted.
  }

  /** A new minute: counts never span two, so each is of one hour. Kinds that did not come any more are forgotten. */
  #begin(minute: number): void {
    this.flush();
    this.#minute = minute;
    for (const [name, place] of this.#places) {
      place.exact = 0;
      for (const [words, bucket] of place.buckets) {
        if (bucket.seen === 0) {
          place.buckets.delete(words);
          this.#kinds--;
        }
        bucket.seen = 0;
        bucket.like = undefined;
      }
      place.rough.clear();
      if (place.buckets.size === 0) this.#places.delete(name);
    }
    this.#last = undefined;
    this.#overflows.clear();
    this.#counting.clear();
    this.#newOfType.clear();
    this.#templates = 0;
    this.#quietSeen = 0;
    this.#sampleChars = 0;
    this.#spent = { critical: 0, loud: 0, quiet: 0 };
  }

  /** Nothing where there are too many kinds. */
  #bucketOf(key: StormKey): CountBucket | undefined {
    if (this.#last !== undefined && isSameKind(key, this.#last.key)) return this.#last.bucket;
    const bucket = this.#find(key);
    this.#last = bucket && { key, bucket };
    return bucket;
  }

  #find(key: StormKey): CountBucket | undefined {
    let place = this.#places.get(key.place);
    if (place === undefined) {
      if (!this.#mayAdd(key.type)) return undefined;
      place = { buckets: new Map(), rough: new Map(), exact: 0 };
      this.#places.set(ownCopy(key.place), place);
    }
    const words = wordsOf(key);
    const exact = place.buckets.get(words);
    if (exact !== undefined) return exact;
    if (place.exact < EXACT_MESSAGES) {
      place.exact++;
      return this.#add(place, words, key.type);
    }
    const rough = roughWordsOf(key);
    const alike = place.rough.get(rough);
    if (alike !== undefined || this.#templates >= MAX_TEMPLATES) return alike;
    this.#templates++;
    const template = templateWordsOf(key);
    const bucket = place.buckets.get(template) ?? this.#add(place, template, key.type);
    if (bucket !== undefined) place.rough.set(ownCopy(rough), bucket);
    return bucket;
  }

  #mayAdd(type: string): boolean {
    return (this.#newOfType.get(type) ?? 0) < NEW_OF_TYPE && this.#kinds < MAX_KINDS;
  }

  #add(place: Place, words: string, type: string): CountBucket | undefined {
    if (!this.#mayAdd(type)) return undefined;
    const bucket = new CountBucket();
    this.#newOfType.set(type, (this.#newOfType.get(type) ?? 0) + 1);
    place.buckets.set(ownCopy(words), bucket);
    this.#kinds++;
    return bucket;
  }

  #overflowOf(level: Level, type: string): CountBucket {
    const name = `${level} ${type}`;
    const known = this.#overflows.get(name);
    if (known !== undefined) return known;
    if (this.#overflows.size >= MAX_OVERFLOWS && type !== OTHER_TYPES) return this.#overflowOf(level, OTHER_TYPES);
    const bucket = new CountBucket();
    bucket.like = overflowLike(level, this.#nameOf(type));
    this.#overflows.set(name, bucket);
    return bucket;
  }

  #spend(of: Class, chars: number): boolean {
    const budget = this.#rows * CHARS_PER_ROW * (of === 'quiet' ? 4 : 1);
    if (this.#spent[of] + chars > budget) return false;
    this.#spent[of] += chars;
    return true;
  }
}

const OTHER_TYPES = 'other types';

function classOf(level: Level): Class {
  if (level === 'CRITICAL') return 'critical';
  return isAtLeast(level, 'WARNING') ? 'loud' : 'quiet';
}

/** The 100th, the 1,000th …: a long storm leaves rows of all its phases. */
function isSample(nr: number): boolean {
  let power = 100;
  while (power < nr) power *= 10;
  return power === nr;
}

function overflowLike(level: Level, type: string): Counted {
  const what = type === '' ? 'records' : type;
  const message = `Too many different ${what} in a minute: these were only counted`;
  return { level, message, template: message, fingerprint: `${OVERFLOW_FINGERPRINT} ${what}`, module: 'rowtrace' };
}
