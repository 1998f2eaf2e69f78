package bank.spark;

import java.nio.charset.StandardCharsets;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.write.DataWriter;
import org.apache.spark.sql.connector.write.WriterCommitMessage;

/**
 * The end of the stream: takes what a shard's processor gives, writes it, and tells the driver what there was. The shard's
 * state is committed when the last row has been taken, the results only after that: what fails in between is judged again
 * from the same state, and nobody has seen anything.
 */
final class ResultsWriter implements DataWriter<InternalRow> {
  private final PartitionSink sink; // null: there is none
  private final int consoleAlerts;
  private final Summary summary;

  /** {@code consoleAlerts}: how many alerts the driver is told. */
  ResultsWriter(KafkaSettings kafka, String query, int partition, long epoch, int consoleAlerts) {
    this.consoleAlerts = consoleAlerts;
    this.summary = new Summary(partition);
    this.sink =
        switch (kafka.sink) {
          case EXACTLY_ONCE -> new ExactlyOnceSink(kafka, new KafkaBroker(kafka), query, partition, epoch);
          case AT_LEAST_ONCE -> new AtLeastOnceSink(kafka, new KafkaBroker(kafka).sharedProducer());
          case NONE -> null;
        };
  }

  @Override
  public void write(InternalRow row) {
    byte[] bytes = row.getBinary(0);
    if (!Outputs.isMessage(bytes)) {
      summary.statistics = new String(bytes, StandardCharsets.UTF_8);
      return;
    }
    Outputs outputs = new Outputs(bytes);
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

  @Override
  public WriterCommitMessage commit() {
    if (sink != null) {
      sink.commit();
    }
    return new Results.Message(summary);
  }

  @Override
  public void abort() {
    if (sink != null) {
      sink.abort();
    }
  }

  @Override
  public void close() {} // commit() or abort() has been called
}
