package bank.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/**
 * {@code Main CONFIG.json…}: runs what the settings say, one after the other in one Spark, tells what happens on stdout, a JSON object a line, and stops after
 * the batch in work when stdin says {@code stop} or ends. README.md has the settings and the events.
 */
public final class Main {
  private static final int OK = 0;
  private static final int FAILED = 1;
  private static final int WRONG_USE = 2;
  private static final int CONNECT_MS = 5_000;
  private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\*|\\d+)\\])?");
  private static final Pattern HERE = Pattern.compile("local\\b|spark://(127\\.|localhost\\b)");
  private static final Pattern STANDALONE = Pattern.compile("spark://([^:/]+):(\\d+).*");

  private final Events events;
  private volatile Runnable stopJob = () -> {};
  private volatile boolean stopping;
  private boolean inOneProcess;

  private Main(Events events) {
    this.events = events;
  }

  public static void main(String[] arguments) {
    PrintStream stdout = System.out;
    System.setOut(System.err); // stdout is for events alone, whoever else prints
    Events events = new Events(stdout);
    Main main = new Main(events);
    int code = OK;
    try {
      main.runAll(arguments);
    } catch (Throwable error) { // an OutOfMemoryError, too, is to be told
      error.printStackTrace();
      Failure failure = main.inOneProcess ? Failures.inOneProcess(Failures.of(error)) : Failures.of(error);
      events.tell(Events.named("failed").put("kind", failure.kind()).put("message", failure.getMessage()).put("advice", failure.advice()));
      code = failure.kind().equals("rules_invalid") || failure.kind().equals("settings") ? WRONG_USE : FAILED;
    }
    System.exit(code);
  }

  private void runAll(String[] files) throws IOException, TimeoutException {
    if (files.length == 0) {
      throw new Failure("settings", "there are no settings", "name the file that they are in");
    }
    watchForStop();
    SparkSession spark = null;
    try {
      for (String file : files) {
        Settings settings = Settings.read(Path.of(file));
        JsonNode described = StreamJob.parse(Native.describeRules(settings.rules().handle()));
        SparkConf conf = conf(settings);
        findMaster(conf.get("spark.master"));
        inOneProcess = conf.get("spark.master").startsWith("local");
        spark = SparkSession.builder().config(conf).getOrCreate();
        run(spark, settings, described);
      }
    } finally {
      if (spark != null) {
        spark.close();
      }
    }
  }

  private void run(SparkSession spark, Settings settings, JsonNode described) throws TimeoutException {
    switch (settings.text("mode")) {
      case "stream" -> {
        StreamJob job = new StreamJob(spark, settings, events, described);
        tellStarted(spark, described, job.shardCount());
        stopAlso(job::stop);
        events.tell(job.run(Long.parseUnsignedLong(described.path("history_id").asText(), 16)));
      }
      case "batch" -> {
        BatchJob job = new BatchJob(spark, settings, events, described);
        tellStarted(spark, described, job.shardCount());
        stopAlso(() -> spark.sparkContext().cancelAllJobs());
        events.tell(job.run());
      }
      default -> throw new Failure("settings", "there is no mode " + settings.text("mode"), "there are stream and batch");
    }
  }

  private static SparkConf conf(Settings settings) {
    SparkConf conf = new SparkConf();
    defaults().forEach(conf::setIfMissing);
    settings.map("spark").forEach(conf::set);
    String master = settings.text("master", conf.get("spark.master", "local[*]"));
    Matcher local = LOCAL.matcher(master);
    if (local.matches()) { // so that a task that failed is tried again there, too
      conf.setIfMissing("spark.executor.killOnFatalError.depth", "0"); // a task without memory fails, and the rest can tell of it
      master = "local[" + (local.group(1) == null ? "1" : local.group(1)) + ",4]";
    }
    boolean here = HERE.matcher(master).lookingAt();
    if (here) {
      conf.setIfMissing("spark.driver.host", "127.0.0.1").setIfMissing("spark.driver.bindAddress", "127.0.0.1");
    }
    if (!master.startsWith("local")) {
      ExecutorJvm.addTo(conf, settings.text("mode").equals("stream"), here, ManagementFactory.getRuntimeMXBean().getInputArguments(), System.getProperty("java.class.path"));
    }
    return conf.setMaster(master).setAppName(settings.text("app_name", "bank"));
  }

  private static Map<String, String> defaults() {
    Map<String, String> all = new LinkedHashMap<>();
    String state = "spark.sql.streaming.stateStore.";
    all.put(state + "providerClass", "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider");
    all.put(state + "rocksdb.changelogCheckpointing.enabled", "true");
    all.put(state + "rocksdb.trackTotalNumberOfRows", "false"); // a read for each write
    all.put(state + "rocksdb.boundedMemoryUsage", "true");
    all.put(state + "rocksdb.maxMemoryUsageMB", "256");
    all.put("spark.sql.streaming.minBatchesToRetain", "10");
    all.put(LocalFiles.SETTING, LocalFiles.class.getName());
    all.put("spark.sql.streaming.noDataMicroBatches.enabled", "false");
    all.put("spark.sql.session.timeZone", "UTC");
    all.put("spark.ui.showConsoleProgress", "false");
    all.put("spark.log.level", "WARN"); // of executors, too
    return all;
  }

  /** Spark itself asks for a minute, and says little. */
  private static void findMaster(String master) {
    Matcher address = STANDALONE.matcher(master);
    if (!address.matches()) {
      return;
    }
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address.group(1), Integer.parseInt(address.group(2))), CONNECT_MS);
    } catch (IOException e) {
      throw new Failure("master_unreachable", "no answer from " + master + ": " + e.getMessage(), "is the cluster up? make cluster-status");
    }
  }

  private void tellStarted(SparkSession spark, JsonNode described, int shards) {
    ObjectNode started = Events.named("started").put("spark", spark.version()).put("master", spark.sparkContext().master());
    started.put("application", spark.sparkContext().applicationId());
    started.put("ui", spark.sparkContext().uiWebUrl().isDefined() ? spark.sparkContext().uiWebUrl().get() : null);
    started.put("native", Native.version()).put("rules_version", described.path("rules_version").asText());
    started.set("rules", described.path("rules"));
    events.tell(started.put("shards", shards));
  }

  private void watchForStop() {
    Thread reader = new Thread(this::readStdin, "bank-stdin");
    reader.setDaemon(true);
    reader.start();
  }

  private void readStdin() {
    try {
      BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      String line = lines.readLine();
      while (line != null && !line.strip().equals("stop")) {
        line = lines.readLine();
      }
    } catch (IOException e) {
      // Nobody is there any more: as its end.
    }
    stop();
  }

  private synchronized void stop() {
    if (!stopping) {
      stopping = true;
      events.tell(Events.named("stopping"));
      stopJob.run();
    }
  }

  /** From now on a stop stops this job; at once if it has been asked for. */
  private synchronized void stopAlso(Runnable job) {
    stopJob = job;
    if (stopping) {
      job.run();
    }
  }
}
