package bank.spark;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFs;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Hadoop's local file system (org.apache.hadoop.fs.local.LocalFs: the same files, checksums and permissions), without the
 * processes: where Hadoop's native library is missing, as it mostly is, that starts a chmod for each file that it makes and
 * a readlink or two for each that it renames, which for a checkpoint's many small files is a quarter of a batch's time.
 *
 * <p>Spark's checkpoints use it for {@code file:} paths by the setting {@link #SETTING}.
 */
public final class LocalFiles extends ChecksumFs {
  /** Of Spark's settings: which class is used for {@code file:}. */
  static final String SETTING = "spark.hadoop.fs.AbstractFileSystem.file.impl";

  /** As Hadoop calls it. */
  public LocalFiles(URI uri, Configuration conf) throws IOException, URISyntaxException {
    super(new Raw(uri, conf));
  }

  private static final class Raw extends DelegateToFileSystem {
    Raw(URI uri, Configuration conf) throws IOException, URISyntaxException {
      super(uri, new Quiet(), conf, "file", false);
    }

    @Override
    public int getUriDefaultPort() {
      return -1; // file: has none
    }

    @Override
    public boolean isValidName(String name) {
      return true; // any name will do here, as in Hadoop's own
    }
  }

  private static final class Quiet extends RawLocalFileSystem {
    @Override
    public void setPermission(Path path, FsPermission permission) throws IOException {
      if (permission.getStickyBit()) {
        super.setPermission(path, permission); // Java knows no sticky bit
        return;
      }
      String nine = permission.getUserAction().SYMBOL + permission.getGroupAction().SYMBOL + permission.getOtherAction().SYMBOL;
      Files.setPosixFilePermissions(pathToFile(path).toPath(), PosixFilePermissions.fromString(nine));
    }

    @Override
    public FileStatus getFileLinkStatus(Path path) throws IOException {
      return Files.isSymbolicLink(pathToFile(path).toPath()) ? super.getFileLinkStatus(path) : getFileStatus(path);
    }
  }
}
