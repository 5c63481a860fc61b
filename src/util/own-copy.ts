// A text that is held for long, without what it was cut out of or joined from: V8 makes slices and joined texts of
// references to those, whole, and keeps them also where the text is the key of a Map.

export function ownCopy(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
