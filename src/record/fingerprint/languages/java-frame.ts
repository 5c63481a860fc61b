// One frame of a JVM stack → a classified frame. Proxies, accessors and generated classes are runtime; numbers that a
// compiler gives to lambdas and anonymous classes never reach the key. The text behind "at " in, a Frame out.

import type { Frame, FrameKind } from '../types.ts';
import { makeFrame } from './shared.ts';

const GENERATED =
  /\$\$(?:Lambda|Enhancer|FastClass|SpringCGLIB|KeyFactory)|\$Lambda|_\$\$_|\$Proxy\d|\$HibernateProxy|\$ByteBuddy|\$MockitoMock|Generated\w{0,32}Accessor|_Subclass$|_ClientProxy$|\$\$serializer/;
const PLATFORM = prefixes(
  'java javax jdk sun com.sun kotlin kotlinx scala groovy.lang org.codehaus.groovy android androidx.core dalvik libcore com.android.internal clojure',
);
const RUNTIME = prefixes(
  'io.opentelemetry io.sentry datadog com.newrelic co.elastic.apm org.aspectj org.springframework.aop org.springframework.cglib net.bytebuddy javassist net.sf.cglib io.micrometer com.intellij.rt _COROUTINE',
);
const FRAMEWORKS = prefixes(
  'org.springframework.web org.springframework.boot org.springframework.security org.springframework.messaging org.springframework.scheduling jakarta.servlet javax.servlet org.apache.catalina org.apache.coyote org.apache.tomcat org.eclipse.jetty io.undertow org.glassfish.jersey io.netty.channel reactor.core io.vertx io.ktor io.quarkus org.jboss.resteasy io.micronaut.http io.helidon io.grpc.internal play.api akka.actor org.apache.pekko.actor cats.effect zio.internal org.junit junit',
);
const DEPENDENCIES = prefixes(
  'org.springframework org.apache org.eclipse org.hibernate org.jboss org.postgresql org.slf4j org.jetbrains org.mongodb org.redisson org.flywaydb org.quartz org.jooq org.elasticsearch org.yaml org.json org.xml org.w3c org.bouncycastle org.gradle org.thymeleaf org.mybatis org.keycloak jakarta io.netty io.grpc io.lettuce io.projectreactor io.reactivex io.micronaut io.smallrye io.jsonwebtoken io.github.resilience4j io.r2dbc io.confluent reactor rx redis.clients ch.qos.logback com.google com.fasterxml com.mysql com.zaxxer com.mongodb com.squareup com.amazonaws com.azure com.microsoft com.oracle com.stripe com.rabbitmq com.datastax com.github.benmanes com.netflix com.h2database org.h2 software.amazon okhttp3 okio retrofit2 feign lombok net.sf net.logstash akka cats zio fs2 androidx oracle.jdbc liquibase freemarker',
);

function prefixes(names: string): readonly string[] {
  return names.split(' ').map((name) => `${name}.`);
}

function inside(name: string, list: readonly string[]): boolean {
  return list.some((prefix) => name.startsWith(prefix));
}

/** "java.base/java.util.ArrayList.get(ArrayList.java:427) ~[na:1.8]" → a frame. */
export function javaFrame(text: string): Frame | undefined {
  const open = text.indexOf('(');
  const close = text.indexOf(')', open);
  if (open <= 0 || close < 0) return undefined;
  const written = text.slice(0, open).trim();
  const generated = GENERATED.test(written);
  // `app//`, `java.base@17/`: loader and module. A hidden class has a slash of its own.
  const qualified = generated ? written : written.slice(written.lastIndexOf('/') + 1);
  const dot = qualified.lastIndexOf('.');
  if (dot <= 0 || qualified.includes(' ')) return undefined;
  const [source, row] = text.slice(open + 1, close).split(':', 2) as [string, string | undefined];
  const line = row === undefined || !/^\d{1,9}$/.test(row) ? undefined : Number(row);
  const owner = qualified.slice(0, dot);
  const { name, method } = named(owner, qualified.slice(dot + 1));
  const package_ = name.slice(0, Math.max(0, name.lastIndexOf('.')));
  const file = /^[\w$-]{1,128}\.\w{1,8}$/.test(source) ? `${package_.replaceAll('.', '/')}/${source}` : name;
  const called = `${name.slice(package_.length === 0 ? 0 : package_.length + 1)}.${method}`;
  const kind = kindOf(owner, method, generated);
  const key =
    kind === 'app' ? `${name}:${method}` : `${group(name)}/${name.slice(name.lastIndexOf('.') + 1)}:${method}`;
  return makeFrame(called, file, line, kind, kind === 'runtime' || kind === 'node' ? undefined : key);
}

function kindOf(owner: string, method: string, generated: boolean): FrameKind {
  if (generated || inside(owner, RUNTIME) || /^access\$\d|^\$jacoco|^\$r8\$/.test(method)) return 'runtime';
  if (inside(owner, FRAMEWORKS)) return 'framework';
  if (inside(owner, PLATFORM)) return 'node';
  return inside(owner, DEPENDENCIES) ? 'dependency' : 'app';
}

/** Of Clojure, numbered as they are compiled, and of Groovy's and Scala's closures. */
const MADE = /^(?:\d+|(?:fn|reify)__\d{1,9}|eval\d{1,9}|_\w{0,128}closure\d{1,6}|anonfun)$/;
/** Java's, Scala 2's and Scala 3's lambdas; the last are numbered once more where one is inside another. */
const LAMBDA =
  /^(?:lambda\$(.{1,128}?)\$\d{1,6}|\$anonfun\$(.{1,128}?)\$\d{1,6}(?:\$adapted)?|(.{1,128}?)\$\$anonfun\$.{1,128})$/;

/** `Cart$total$1.invokeSuspend` and `Cart.lambda$total$3` are both part of `Cart.total`. */
function named(owner: string, written: string): { name: string; method: string } {
  const closure = /\$_(\w{1,128}?)_closure\d/.exec(owner)?.[1];
  const parts = owner
    .split('$')
    .map((part) => part.replace(/^\d+(?=\D)/, ''))
    .filter((part) => part !== '' && !MADE.test(part));
  const lambda = LAMBDA.exec(written);
  let method = closure ?? lambda?.slice(1).find((name) => name !== undefined) ?? written;
  method = method
    .replace(/(?:\$(?:default|suspendImpl|\d{1,6}|lambda[$-]\d{1,6})){1,8}$/, '')
    .replace(/-[\w-]{6,12}$/, '');
  if (/^(?:invokeSuspend|invoke|emit|resumeWith|apply|call|run|invokeStatic|invokePrim|doInvoke)$/.test(method)) {
    const inner = parts.findIndex((part, i) => i > 0 && /^[a-z]/.test(part));
    if (inner > 0) return { name: parts.slice(0, inner).join('$'), method: parts[inner]! };
  }
  return { name: parts.join('$'), method: method === 'new' ? '<init>' : method };
}

/** org.apache.kafka.clients.Sender → org.apache.kafka */
function group(name: string): string {
  return name.split('.', 3).join('.');
}
