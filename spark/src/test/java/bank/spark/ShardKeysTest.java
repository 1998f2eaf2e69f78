package bank.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.plans.physical.HashPartitioning;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

class ShardKeysTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8, 200, 1000})
  void eachPartitionOfSparksHasOneShard(int shards) {
    Expression column = new BoundReference(0, DataTypes.IntegerType, false);
    Seq<Expression> columns = CollectionConverters.asScala(java.util.List.of(column)).toList();
    Expression partition = new HashPartitioning(columns, shards).partitionIdExpression();
    int[] keys = ShardKeys.of(shards);
    assertEquals(shards, keys.length);
    for (int shard = 0; shard < shards; ++shard) {
      InternalRow row = new GenericInternalRow(new Object[] {keys[shard]});
      assertEquals(shard, partition.eval(row), "of key " + keys[shard]);
    }
  }

  @Test
  void noShardsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> ShardKeys.of(0));
  }
}
