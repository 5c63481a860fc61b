// Dart and Flutter: "#0      Cart.total (package:shop/cart.dart:31:5)", and package:stack_trace's "package:shop/cart.dart 31:5
// Cart.total". Text in, ErrorNode out. Traces without symbols (--split-debug-info) have addresses only and give no frame.

import { type ErrorNode, type Frame, MAX_FRAMES } from '../types.ts';
import { addMessage, errorNode, linesOf, makeFrame, moduleKey } from './shared.ts';

const FRAME = /^#\d{1,4} {1,8}(\S.{0,400}?) \((\S{1,512}?)(?::(\d{1,9}))?(?::\d{1,9})?\)$/;
const TERSE = /^(\S{1,512}\.dart) (\d{1,9}):\d{1,9} {1,64}(\S.{0,400})$/;
const RUNTIME = /^(?:opentelemetry|dartastic_opentelemetry|sentry|stack_trace|async|zone_local|firebase_crashlytics)/;
const FRAMEWORKS = new Set('flutter flutter_test shelf shelf_router dart_frog serverpod angel3_framework'.split(' '));
const DEPENDENCIES = new Set(
  'dio http http_parser web_socket_channel grpc provider riverpod flutter_riverpod bloc flutter_bloc get mobx go_router auto_route rxdart collection path intl json_annotation freezed_annotation hive hive_flutter sqflite sqflite_common drift isar shared_preferences path_provider cached_network_image image_picker url_launcher firebase_core firebase_auth cloud_firestore firebase_messaging graphql graphql_flutter ferry easy_localization connectivity_plus postgres mongo_dart redis'.split(
    ' ',
  ),
);

export function parseDart(stack: string): ErrorNode {
  const node = errorNode();
  for (const raw of linesOf(stack)) {
    const body = raw.trim();
    const found = FRAME.exec(body);
    const terse = found === null ? TERSE.exec(body) : null;
    if (node.frames.length < MAX_FRAMES && found !== null) node.frames.push(frameOf(found[1]!, found[2]!, found[3]));
    else if (node.frames.length < MAX_FRAMES && terse !== null)
      node.frames.push(frameOf(terse[3]!, terse[1]!, terse[2]));
    else if (node.frames.length === 0 && body !== '' && !/^Unhandled exception:$|^#\d{1,4} |^<async/.test(body))
      addMessage(node, body);
  }
  return node;
}

/** `new Cart`, `Cart.total.<anonymous closure>`, `Cart.total.<fn>`, `main`. */
function frameOf(written: string, file: string, line: string | undefined): Frame {
  const called = written.replace(/(?:\.?<(?:anonymous closure|fn|async_op|asynchronous suspension)>){1,8}$/, '');
  const name = called.replace(/^new /, '');
  const number = line === undefined ? undefined : Number(line);
  const shown = name === '' ? undefined : name;
  if (/^(?:dart|org-dartlang-sdk):/.test(file)) return makeFrame(shown, file, number, 'node', undefined);
  const [, package_, inside] = /^package:([\w.]{1,128})\/(.{1,400}?)(?:\.dart)?$/.exec(file) ?? [];
  if (package_ === undefined) {
    const path = file.replace(/^file:\/\//, '');
    return makeFrame(shown, path, number, 'app', `${moduleKey(path, new Set())}:${name || '?'}`);
  }
  const path = `${package_}/${inside}.dart`;
  if (RUNTIME.test(package_)) return makeFrame(shown, path, number, 'runtime', undefined);
  const kind = FRAMEWORKS.has(package_) ? 'framework' : DEPENDENCIES.has(package_) ? 'dependency' : 'app';
  return makeFrame(shown, path, number, kind, `${package_}/${inside}:${name || '?'}`);
}
