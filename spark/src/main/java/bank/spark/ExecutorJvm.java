package bank.spark;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;

/**
 * How the JVMs of a cluster's executors are started, where the user does not say: with the collector and the compiler of the
 * driver ({@code jvm.options} and {@code stream.options}, which are in the jar), and on this machine with the archive of
 * Spark's classes that the driver uses.
 */
final class ExecutorJvm {
  private static final String OPTIONS = "spark.executor.extraJavaOptions";
  private static final String BEFORE_OPTIONS = "spark.executor.defaultJavaOptions";
  private static final String CLASS_PATH = "spark.executor.extraClassPath";
  private static final String ARCHIVE = "-XX:SharedArchiveFile=";
  /** Below, a part of the heap that the parallel collector does not count as such leaves less than what Spark asks for, 450 MiB. */
  private static final long SMALL_MIB = 512;

  private ExecutorJvm() {}

  /**
   * Adds to the settings of an application.
   *
   * @param stream whether it is a stream
   * @param here whether executors run on this machine
   * @param driver what the driver's JVM was started with
   * @param classPath the driver's
   */
  static void addTo(SparkConf conf, boolean stream, boolean here, List<String> driver, String classPath) {
    if (conf.contains(OPTIONS) || conf.contains(BEFORE_OPTIONS)) {
      return;
    }
    List<String> options = new ArrayList<>(of("/jvm.options"));
    if (stream) {
      options.addAll(of("/stream.options"));
    }
    if (conf.getSizeAsMb("spark.executor.memory", "1g") < SMALL_MIB) {
      options.removeIf(each -> each.matches("-XX:\\+Use\\w+GC"));
    }
    String archive = driver.stream().filter(each -> each.startsWith(ARCHIVE)).map(each -> each.substring(ARCHIVE.length())).findFirst().orElse("");
    String jars = new File(archive).getParent() + "/home/jars/"; // without an archive no class path begins so
    // An archive serves the class path that it was made with, and one that begins so.
    if (here && classPath.startsWith(jars) && !conf.contains(CLASS_PATH)) {
      options.add("\"" + ARCHIVE + archive + "\"");
      conf.set(CLASS_PATH, jars + "*");
    }
    conf.set(OPTIONS, String.join(" ", options));
  }

  private static List<String> of(String file) {
    try (InputStream in = ExecutorJvm.class.getResourceAsStream(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(each -> each.startsWith("-XX:")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
