// RabbitMQ between receivers and workers. amqplib and not rabbitmq-client: of the two it had ten releases this year (the
// other its last in March), among them fixes of lost confirms, and it is the one that OpenTelemetry instruments.

export { type AmqpSinkOptions, createAmqpSink } from './amqp-sink.ts';
export { type BatchConsumer, type ConsumerOptions, consumeBatches } from './batch-consumer.ts';
export { moveDeadMessages } from './dead-messages.ts';
export { type QueueState, queueStates } from './queue-state.ts';
export { DEFAULT_QUEUE, deadQueue, shardQueue } from './topology.ts';
