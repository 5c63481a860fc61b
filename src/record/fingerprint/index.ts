// The fingerprint room's face: algorithm v1 and the message template it uses.

export { FINGERPRINT_VERSION, fingerprint } from './fingerprint.ts';
export { messageTemplate } from './template/message-template.ts';
export type {
  ChainInput,
  Fingerprint,
  FingerprintInput,
  FingerprintOptions,
  FingerprintRule,
  Frame,
  FrameKind,
} from './types.ts';
