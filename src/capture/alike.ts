// A function of ours in the place of another: whoever looks at it finds the name and the length of that one.

/** @returns `wrapper` itself */
export function alike<T extends (...values: never[]) => unknown>(wrapper: T, original: object): T {
  for (const key of ['name', 'length']) {
    const known = Object.getOwnPropertyDescriptor(original, key);
    if (known !== undefined) Object.defineProperty(wrapper, key, known);
  }
  return wrapper;
}

/** Puts a function in the place of a method: it is listed, or not, as that one is, itself or by its prototype. */
export function replaceMethod(owner: object, name: string, wrapper: (...values: never[]) => unknown): void {
  const known = descriptorOf(owner, name);
  Object.defineProperty(owner, name, {
    value: alike(wrapper, known?.value ?? wrapper),
    configurable: true,
    writable: true,
    enumerable: known?.enumerable ?? false,
  });
}

function descriptorOf(owner: object, name: string): PropertyDescriptor | undefined {
  for (let at: object | null = owner; at !== null; at = Object.getPrototypeOf(at)) {
    const known = Object.getOwnPropertyDescriptor(at, name);
    if (known !== undefined) return known;
  }
  return undefined;
}
