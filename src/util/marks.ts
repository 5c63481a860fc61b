// What is known of an object, found again by the object and gone with it. In: objects of the application's, and a value for
// each. A WeakMap but for where the value is: on the object itself, in a private field, which nobody else can see, list,
// copy or trap, and which a frozen object takes, too.
//
// V8's young collections take every value of a WeakMap for alive, and whatever it holds, though its key is not: what was
// known of thousands of errors was copied twice, and left to the old ones. In a process that captures errors in a loop such a
// collection takes 1.5 ms now, 3.8 then, that is 0.9 µs an error; of the process's 42.7 µs with Postgres 0.8 (medians of eight
// rounds in turn). An entry by itself costs 0.2 µs, 1.2 in a WeakMap (500,000 new errors, collections included).

import { Given } from './given.ts';

interface Field<Value> {
  has(object: object): boolean;
  get(object: object): Value | undefined;
  set(object: object, value: Value): void;
}

export class Marks<Value> {
  readonly #field: Field<Value>;
  /** Of objects that take no field: a proposal of ECMAScript's keeps it from those that are not extensible. */
  #others: WeakMap<object, Value> | undefined;

  /** @param field for tests: one that objects do not take */
  constructor(field: Field<Value> = fieldOf()) {
    this.#field = field;
  }

  get(object: object): Value | undefined {
    return this.#field.get(object) ?? this.#others?.get(object);
  }

  has(object: object): boolean {
    return this.#field.has(object) || this.#others?.has(object) === true;
  }

  set(object: object, value: Value): void {
    try {
      this.#field.set(object, value);
    } catch {
      this.#others ??= new WeakMap();
      this.#others.set(object, value);
    }
  }
}

/** A class of its own for each: a private name belongs to the class that was made with it. */
function fieldOf<Value>(): Field<Value> {
  return class Mark extends Given {
    #value: Value;

    constructor(object: object, value: Value) {
      super(object);
      this.#value = value;
    }

    static has(object: object): boolean {
      return #value in object;
    }

    static get(object: object): Value | undefined {
      return #value in object ? (object as Mark).#value : undefined;
    }

    static set(object: object, value: Value): void {
      if (#value in object) (object as Mark).#value = value;
      else new Mark(object, value);
    }
  };
}
