// Swift and Objective-C: lines of Thread.callStackSymbols ("3   Shop   0x0000000104a8c1b4 $s4Shop4CartC5totalSiyF + 132") → an
// error tree of frames. Addresses and offsets change with each run and build; where a build was stripped of its symbols there
// is nothing else, and no frame has a key.

import { type ErrorNode, type Frame, MAX_FRAMES } from '../types.ts';
import { addMessage, errorNode, linesOf, makeFrame } from './shared.ts';

const FRAME = /^\d{1,4}\s{1,8}(\S.{0,62}?)\s{1,64}0x[0-9a-fA-F]{4,16} (.{1,900}) \+ \d{1,12}$/;
const PLATFORM =
  /^(?:lib[\w+.-]{1,64}\.dylib|libswift\w{0,64}|dyld|\?\?\?|Foundation|CoreFoundation|UIKit|UIKitCore|UIFoundation|AppKit|SwiftUI|SwiftUICore|SwiftData|AttributeGraph|Combine|CFNetwork|Network|Security|WebKit|CoreData|CoreGraphics|CoreLocation|CoreML|CoreMedia|AVFoundation|AVFCore|GraphicsServices|HIToolbox|QuartzCore|RealityKit|StoreKit|UserNotifications|FrontBoardServices|BackBoardServices|RunningBoardServices|XCTest|XCTestCore|Testing)$/;
const RUNTIME = /^(?:OpenTelemetry|Sentry|Datadog|Crashlytics|FirebaseCrashlytics|NewRelic|Bugsnag)/;

export function parseSwift(stack: string): ErrorNode {
  const node = errorNode();
  for (const raw of linesOf(stack)) {
    const body = raw.trim();
    const found = FRAME.exec(body);
    if (found === null) {
      if (node.frames.length === 0 && body !== '') addMessage(node, body);
    } else if (node.frames.length < MAX_FRAMES) node.frames.push(frameOf(found[1]!, found[2]!));
  }
  return node;
}

function frameOf(image: string, symbol: string): Frame {
  if (PLATFORM.test(image)) return makeFrame(symbol, image, undefined, 'node', undefined);
  if (RUNTIME.test(image)) return makeFrame(symbol, image, undefined, 'runtime', undefined);
  const stripped = symbol === image || /^(?:0x[0-9a-f]{4,16}|__mh_execute_header|<redacted>|\?\?\?)$/i.test(symbol);
  if (stripped) return makeFrame(undefined, image, undefined, 'app', undefined);
  // Numbers of closures, and of the parts that an asynchronous function is cut into.
  const stable = symbol.replace(/T[YQ]\d{0,4}_$/, '').replace(/U\d{0,4}_/g, 'U_');
  return makeFrame(readable(symbol), image, undefined, 'app', `${image}:${stable}`);
}

/** `$s4Shop4CartC5totalSiyF` → Cart.total: the names that have their length in front, but for the module's. */
function readable(symbol: string): string {
  if (!/^_?\$[sS]\d/.test(symbol)) return symbol;
  const names: string[] = [];
  let at = symbol.indexOf('$') + 2;
  while (names.length < 4) {
    const digits = /^[1-9]\d{0,2}/.exec(symbol.slice(at, at + 3))?.[0];
    if (digits === undefined) break;
    const begin = at + digits.length;
    names.push(symbol.slice(begin, begin + Number(digits)));
    at = begin + Number(digits);
    // What kind of thing it names: class, struct, enumeration, protocol, an extension's module.
    while (/[A-Z]/.test(symbol.charAt(at)) && /^[A-Z]{1,2}\d/.test(symbol.slice(at, at + 3))) at++;
  }
  return names.length < 2 ? symbol : names.slice(1, 3).join('.');
}
