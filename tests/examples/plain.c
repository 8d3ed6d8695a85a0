/* The boundary of libtunrelay is C: says its version, and what it answers to a program that was
 * built for another one. */
#include <stdio.h>
#include <tunrelay/tunnel_abi.h>

int main(void) {
  struct tunrelay_tunnel_setup setup = {.abi_version = TUNRELAY_TUNNEL_ABI_VERSION + 98};
  struct tunrelay_tunnel* tunnel = NULL;
  const int answer = tunrelay_tunnel_open(&setup, &tunnel);
  printf("version %s, answer %d: %s\n", tunrelay_version(), answer, tunrelay_failure_text());
  tunrelay_tunnel_close(tunnel);
  return answer;
}
