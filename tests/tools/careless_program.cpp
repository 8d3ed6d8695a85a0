// SPDX-License-Identifier: MIT
// A program that fails without a word when it can't open /dev/null, leaves a file when it gets no
// socket, and hangs when it gets no eventfd: what tools/inject-faults is there to find.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int main() {
  const int null = ::open("/dev/null", O_RDONLY);
  if (null < 0) return 1;
  if (::eventfd(0, 0) < 0) ::pause();
  if (::socket(AF_UNIX, SOCK_STREAM, 0) >= 0) return 0;
  ::mkdir("/run/tunrelay", 0700);
  const int journal = ::open("/run/tunrelay/1-left.journal", O_CREAT | O_WRONLY, 0600);
  return ::write(journal, "a step\n", 7) == 7 ? 0 : 1;
}
