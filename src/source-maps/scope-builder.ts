// Collects the functions and classes of a program from its tokens: a stack of brackets, and a look back over a few tokens to
// tell what a bracket belongs to. Tokens in, ranges with their heads out; brackets that do not match make it unsound.
import { PUNCTUATION, type Token, type TokenSink, WORD } from './tokens.ts';

export interface Scope {
  isClass: boolean;
  /** As in the generated file. */
  name: string | undefined;
  /** Offset of the name in the text; -1 where there is none. */
  nameStart: number;
  /** A method or property: such names are not minified. */
  isProperty: boolean;
  /** Offset of the first word or bracket of the function. */
  start: number;
}

type Head = Omit<Scope, 'isClass' | 'name'> & { nameEnd: number };

interface Open {
  /** Of the opening bracket; "A" an arrow function without braces, "$" inside a template. */
  char: string;
  scope: number;
  head: Head;
  /** `if (`, `while (` …: the brace behind it is a block. */
  control: boolean;
  /** The bracket stands where a value is expected. */
  value: boolean;
  /** Of a class whose body has not begun. */
  pendingClass: Head | undefined;
  /** Question marks of an arrow function without braces. */
  questions: number;
}

const CONTROL = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await']);
const NO_HEAD: Head = { start: -1, nameStart: -1, nameEnd: -1, isProperty: false };
const VALUE_AFTER = '=([,:?&|+-*%!~<^/$';
const RING = 8;
const MAX_NAME = 128;

export class ScopeBuilder implements TokenSink {
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly parents: number[] = [];
  readonly scopes: Scope[] = [];
  sound = true;
  readonly #text: string;
  readonly #ring: Token[] = Array.from({ length: RING }, () => ({ kind: PUNCTUATION, start: 0, end: 0, char: ';' }));
  #count = 0;
  #open: Open[] = [frame('', NO_HEAD, false)];
  #closed: Open = this.#open[0]!;
  #arrow: Head | undefined;
  #scope = -1;

  constructor(text: string) {
    this.#text = text;
  }

  take(token: Token): void {
    const { kind, char, start } = token;
    if (this.#arrow !== undefined && char !== '{') this.#enter(frame('A', NO_HEAD, true), start, this.#arrow, false);
    if (kind === WORD) this.#word(token);
    else if (kind === PUNCTUATION) this.#punctuation(char, start);
    this.#arrow = char === 'A' ? this.#arrowHead() : undefined;
    Object.assign(this.#ring[this.#count++ % RING]!, token);
  }

  endsTemplate(): boolean {
    this.#closeArrows(this.#ring[(this.#count + RING - 1) % RING]!.end);
    if (this.#open.at(-1)!.char !== '$') return false;
    this.#open.pop();
    return true;
  }

  openTemplate(): void {
    this.#open.push(frame('$', NO_HEAD, true));
  }

  closedStatement(): boolean {
    return this.#closed.char === '(' ? this.#closed.control : !this.#closed.value;
  }

  #word({ start, end }: Token): void {
    if (this.#last(1).char === '.') return;
    const before = this.#last(1);
    // `class` opens a body at this depth; the word behind it, if it is a name, names it.
    if (end - start === 5 && this.#is(start, end, 'class')) this.#open.at(-1)!.pendingClass = this.#assigned(1);
    else if (this.#isWord(before, 'class') && this.#open.at(-1)!.pendingClass && !this.#is(start, end, 'extends'))
      this.#open.at(-1)!.pendingClass = { start, nameStart: start, nameEnd: end, isProperty: false };
  }

  #punctuation(char: string, start: number): void {
    const top = this.#open.at(-1)!;
    // It was a property called "class".
    if (char === ',' || char === ';' || char === ':' || char === '=') top.pendingClass = undefined;
    if (char === '(') this.#open.push(this.#paren(start));
    else if (char === '[') this.#open.push(frame('[', NO_HEAD, true));
    else if (char === '{') this.#brace(start);
    else if (char === ')' || char === ']' || char === '}') this.#close(char, start);
    else if (char === ',' || char === ';') this.#closeArrows(start);
    else if (char === '?') top.questions++;
    else if (char === ':')
      while (this.#open.at(-1)!.char === 'A') {
        if (this.#open.at(-1)!.questions-- > 0) break;
        this.#leave(start);
      }
  }

  #brace(start: number): void {
    const top = this.#open.at(-1)!;
    const before = this.#last(1);
    const value = before.kind === PUNCTUATION ? VALUE_AFTER.includes(before.char) : this.#isWord(before, 'return');
    const open = frame('{', NO_HEAD, value);
    if (this.#arrow !== undefined) this.#enter({ ...open, value: true }, start, this.#arrow, false);
    else if (top.pendingClass !== undefined) {
      this.#enter(open, start, top.pendingClass, true);
      top.pendingClass = undefined;
    } else if (before.char === ')' && this.#closed.char === '(' && !this.#closed.control)
      this.#enter({ ...open, value: this.#closed.value }, start, this.#closed.head, false);
    else this.#open.push(open);
  }

  #paren(start: number): Open {
    const before = this.#last(1);
    if (before.kind !== WORD) {
      const generator = before.char === '*' && this.#isWord(this.#last(2), 'function');
      return frame('(', generator ? this.#assigned(this.#skipAsync(3)) : { ...this.#assigned(1), start }, true);
    }
    const word = this.#text.slice(before.start, Math.min(before.end, before.start + 12));
    const property = this.#last(2).char === '.';
    if (!property && CONTROL.has(word)) return { ...frame('(', NO_HEAD, false), control: true };
    if (!property && word === 'function') return frame('(', this.#assigned(this.#skipAsync(2)), true);
    if (!property && word === 'async') return frame('(', this.#assigned(2), true);
    const star = this.#last(2).char === '*' ? 3 : 2;
    const isFunction = this.#isWord(this.#last(star), 'function');
    return frame(
      '(',
      { start: before.start, nameStart: before.start, nameEnd: before.end, isProperty: !isFunction },
      !isFunction,
    );
  }

  /** At `=>`: behind `)` the head was read where the parenthesis opened. */
  #arrowHead(): Head {
    if (this.#last(1).char === ')') return this.#closed.head;
    return this.#assigned(this.#skipAsync(2));
  }

  #skipAsync(at: number): number {
    return this.#isWord(this.#last(at), 'async') ? at + 1 : at;
  }

  /** The name that a function without one gets from `name =` or `name:` before it; `at`: that of the `=`. */
  #assigned(at: number): Head {
    const { char } = this.#last(at);
    const name = this.#last(at + 1);
    const { start } = this.#last(Math.max(at - 1, 1));
    if ((char !== '=' && char !== ':') || name.kind !== WORD) return { ...NO_HEAD, start };
    const isProperty = char === ':' || this.#last(at + 2).char === '.';
    return { start, nameStart: name.start, nameEnd: name.end, isProperty };
  }

  #enter(open: Open, start: number, head: Head, isClass: boolean): void {
    open.scope = this.scopes.length;
    this.starts.push(start);
    this.ends.push(this.#text.length);
    this.parents.push(this.#scope);
    this.scopes.push({ isClass, ...head, name: this.#nameOf(head) });
    this.#scope = open.scope;
    this.#open.push(open);
  }

  /** Copied where a slice would keep the whole text alive. */
  #nameOf({ nameStart, nameEnd }: Head): string | undefined {
    if (nameStart < 0 || nameEnd - nameStart > MAX_NAME) return undefined;
    const name = this.#text.slice(nameStart, nameEnd);
    return name.length < 13 ? name : Buffer.from(name).toString();
  }

  #leave(end: number): void {
    const { scope } = this.#open.pop()!;
    this.ends[scope] = end;
    this.#scope = this.parents[scope]!;
  }

  #closeArrows(end: number): void {
    while (this.#open.at(-1)!.char === 'A') this.#leave(end);
  }

  #close(char: string, start: number): void {
    this.#closeArrows(start);
    const top = this.#open.at(-1)!;
    if (top.char !== (char === ')' ? '(' : char === ']' ? '[' : '{')) {
      this.sound = false;
      return;
    }
    this.#closed = top;
    if (top.scope >= 0) this.#leave(start + 1);
    else this.#open.pop();
  }

  /** The token `n` before the one that is being taken. */
  #last(n: number): Token {
    return this.#ring[(this.#count + RING * 2 - n) % RING]!;
  }

  #isWord(token: Token, word: string): boolean {
    return token.kind === WORD && this.#is(token.start, token.end, word);
  }

  #is(start: number, end: number, word: string): boolean {
    return end - start === word.length && this.#text.startsWith(word, start);
  }
}

function frame(char: string, head: Head, value: boolean): Open {
  return { char, scope: -1, head, control: false, value, pendingClass: undefined, questions: 0 };
}
