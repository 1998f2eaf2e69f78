package bank.spark;

import org.apache.spark.sql.connector.metric.CustomSumMetric;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;

/**
 * How many records PackedKafka has read, for the page of a query (SQL): what Spark itself counts there, and as input rows
 * elsewhere, are its rows, which are chunks of thousands of records.
 */
public final class RecordsRead extends CustomSumMetric {
  private static final String NAME = "records";

  /** As Spark calls it, for its pages. */
  public RecordsRead() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "number of records";
  }

  /** What a task has read so far. */
  record OfTask(long value) implements CustomTaskMetric {
    @Override
    public String name() {
      return NAME;
    }
  }
}
