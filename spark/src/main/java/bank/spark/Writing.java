package bank.spark;

import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;

/**
 * The end of the stream: takes what a shard's processor gives, writes it, and tells the driver what there was. The shard's
 * state is committed when the last row has been taken, the results only after that: what fails in between is judged again
 * from the same state, and nobody has seen anything.
 */
final class Writing implements MapPartitionsFunction<byte[], Summary> {
  private static final long serialVersionUID = 1L;

  private final KafkaSettings kafka;
  private final String query;
  private final long epoch;
  private final int consoleAlerts;

  /** {@code consoleAlerts}: how many alerts of a partition the driver is told. */
  Writing(KafkaSettings kafka, String query, long epoch, int consoleAlerts) {
    this.kafka = kafka;
    this.query = query;
    this.epoch = epoch;
    this.consoleAlerts = consoleAlerts;
  }

  @Override
  public Iterator<Summary> call(Iterator<byte[]> rows) {
    Summary summary = new Summary(TaskContext.getPartitionId());
    PartitionSink sink = open(summary.shard);
    boolean done = false;
    try {
      while (rows.hasNext()) {
        take(rows.next(), sink, summary);
      }
      if (sink != null) {
        sink.commit();
      }
      done = true;
    } finally {
      if (!done && sink != null) {
        sink.abort();
      }
    }
    summary.skipped = sink instanceof ExactlyOnceSink exact && exact.skipped();
    return List.of(summary).iterator();
  }

  private PartitionSink open(int partition) {
    return switch (kafka.sink) {
      case EXACTLY_ONCE -> new ExactlyOnceSink(kafka, new KafkaBroker(kafka), query, partition, epoch);
      case AT_LEAST_ONCE -> new AtLeastOnceSink(kafka, new KafkaBroker(kafka).sharedProducer());
      case NONE -> null;
    };
  }

  private void take(byte[] row, PartitionSink sink, Summary summary) {
    if (!Outputs.isMessage(row)) {
      summary.statistics = new String(row, StandardCharsets.UTF_8);
      return;
    }
    Outputs outputs = new Outputs(row);
    outputs.addTo(summary.counts);
    while (outputs.next()) {
      if (outputs.kind() == Outputs.ALERT && summary.alerts.size() < consoleAlerts) {
        summary.alerts.add(outputs.text());
      }
      if (sink != null) {
        sink.send(outputs);
      }
    }
  }
}
