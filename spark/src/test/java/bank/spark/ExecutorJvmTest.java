package bank.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class ExecutorJvmTest {
  private static final String OPTIONS = "spark.executor.extraJavaOptions";
  private static final String CLASS_PATH = "spark.executor.extraClassPath";
  private static final List<String> DRIVER = List.of("-Xmx1g", "-XX:SharedArchiveFile=/a b/dist/classes.jsa", "-Dbank.log=x");
  private static final String JARS = "/a b/dist/home/jars/x.jar:/a b/dist/home/jars/y.jar";

  private static SparkConf conf() {
    return new SparkConf(false);
  }

  @Test
  void executorsHaveTheDriversCollector() {
    SparkConf conf = conf();
    ExecutorJvm.addTo(conf, true, false, DRIVER, JARS);
    assertTrue(List.of(conf.get(OPTIONS).split(" ")).containsAll(List.of("-XX:+UseParallelGC", "-XX:TieredStopAtLevel=1")), conf.get(OPTIONS));
    assertFalse(conf.get(OPTIONS).contains("Archive"), "the archive is a file of this machine");
    assertFalse(conf.get(OPTIONS).contains("-Xmx"), "Spark refuses that");
    assertFalse(conf.contains(CLASS_PATH));
  }

  @Test
  void executorsOnThisMachineHaveItsArchiveOfClasses() {
    SparkConf conf = conf();
    ExecutorJvm.addTo(conf, false, true, DRIVER, JARS);
    assertFalse(conf.get(OPTIONS).contains("TieredStopAtLevel"), "this is no stream");
    assertTrue(conf.get(OPTIONS).endsWith(" \"-XX:SharedArchiveFile=/a b/dist/classes.jsa\""), conf.get(OPTIONS));
    assertEquals("/a b/dist/home/jars/*", conf.get(CLASS_PATH));
  }

  @Test
  void aSmallHeapIsJavasToCollect() {
    SparkConf conf = conf().set("spark.executor.memory", "500m");
    ExecutorJvm.addTo(conf, true, false, DRIVER, JARS);
    assertFalse(conf.get(OPTIONS).contains("GC"), conf.get(OPTIONS));
    assertTrue(conf.get(OPTIONS).contains("-XX:TieredStopAtLevel=1"), conf.get(OPTIONS));
  }

  @Test
  void withoutAnArchiveThereIsNone() {
    SparkConf conf = conf();
    ExecutorJvm.addTo(conf, false, true, List.of("-Xmx1g"), JARS);
    assertFalse(conf.get(OPTIONS).contains("Archive"), conf.get(OPTIONS));
    assertFalse(conf.contains(CLASS_PATH));
    SparkConf own = conf();
    ExecutorJvm.addTo(own, true, true, DRIVER, "/opt/spark/conf/:/opt/spark/jars/x.jar");
    assertFalse(own.get(OPTIONS).contains("Archive"), "the archive is of another Spark");
    assertFalse(own.contains(CLASS_PATH));
  }

  @Test
  void whatTheUserSaysStays() {
    SparkConf conf = conf().set(OPTIONS, "-XX:+UseG1GC");
    ExecutorJvm.addTo(conf, false, true, DRIVER, JARS);
    assertEquals("-XX:+UseG1GC", conf.get(OPTIONS));
    assertFalse(conf.contains(CLASS_PATH));
    SparkConf before = conf().set("spark.executor.defaultJavaOptions", "-XX:+UseZGC");
    ExecutorJvm.addTo(before, true, true, DRIVER, JARS);
    assertFalse(before.contains(OPTIONS));
    SparkConf path = conf().set(CLASS_PATH, "/own/*");
    ExecutorJvm.addTo(path, true, true, DRIVER, JARS);
    assertEquals("/own/*", path.get(CLASS_PATH));
    assertFalse(path.get(OPTIONS).contains("Archive"), path.get(OPTIONS));
  }
}
