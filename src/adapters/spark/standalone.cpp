// Lets Debian's libyaml-cpp.a into a shared library. It was compiled for programs, and reads this variable of libc's as
// if it were in the same file as itself, which in a shared library only a variable of that file's own is. To false:
// that there may be several threads, which is always right.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): libc's name
extern "C" {
extern __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
