// One line of `rowtrace doctor`.

export interface Finding {
  state: 'ok' | 'info' | 'warning' | 'problem';
  name: string;
  text: string;
  /** The next step. */
  fix?: string;
}
