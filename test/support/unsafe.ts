/** Security matrix rows 6 to 8: what must never reach a terminal. */
export const UNSAFE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
