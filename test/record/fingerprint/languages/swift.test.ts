import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fingerprint } from '../../../../src/fingerprint.ts';
import { describeLanguage, type StackCase } from './helper.ts';

const cases: StackCase[] = [
  {
    name: 'an application with symbols',
    type: 'ShopError',
    message: 'no price',
    stack: `0   OpenTelemetryApi                    0x00000001049bc1b4 $s16OpenTelemetryApi4SpanP15recordExceptionyyF + 44
1   Shop Debug                          0x0000000104a8c1b4 $s4Shop4CartC5totalSiyFSiAA4ItemVXEfU0_ + 132
2   libswiftCore.dylib                  0x00000001a0b8c1b4 $sSTsE3mapySayqd__Gqd__7ElementQzKXEKlF + 244
3   Shop Debug                          0x0000000104a8d0a0 $s4Shop11OrderScreenV4saveyyYaFTY1_ + 88
4   Shop Debug                          0x0000000104a8e1b4 -[ShopLegacy pay:] + 52
5   UIKitCore                           0x0000000182ba1d64 -[UIApplication sendAction:to:from:forEvent:] + 96`,
    chain: ['ShopError: no price'],
    own: [
      'Shop Debug:$s4Shop4CartC5totalSiyFSiAA4ItemVXEfU_',
      'Shop Debug:$s4Shop11OrderScreenV4saveyyYaF',
      'Shop Debug:-[ShopLegacy pay:]',
    ],
    kinds: 'ranaan',
    culprit: 'Cart.total (Shop Debug)',
  },
];

describeLanguage('swift', cases, [
  {
    name: 'in another run of another build',
    change: (stack) =>
      stack
        .replace(/0x0000000104a8(\w{4})/g, '0x00000001f3b1$1')
        .replace(/ \+ (\d+)/g, (_, n) => ` + ${Number(n) + 16}`)
        .replace('fU0_', 'fU3_')
        .replace('FTY1_', 'FTY0_'),
  },
]);

it('an application without symbols has its image for a culprit, and no address in its key', () => {
  const at = (address: string, offset: number) =>
    fingerprint({
      type: 'ShopError',
      message: 'no price',
      language: 'swift',
      stack: `0   Shop   0x000000010${address} Shop + ${offset}\n1   Shop   0x000000010${address} __mh_execute_header + ${offset}`,
    });
  assert.equal(at('4a8c1b4', 132_452).culprit, '<anonymous> (Shop)');
  assert.equal(at('4a8c1b4', 132_452).fingerprint, at('9b0c0a0', 140_020).fingerprint);
});
