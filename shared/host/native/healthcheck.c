// The images' HEALTHCHECK: exit code 0 when /readyz of the admin port says so, else 1 and why. It starts every few seconds, so it is a
// static program of its own, and not node. The port is where the image's own configuration has it: a variable, weftkit.toml, the
// default; of weftkit.toml it reads what [server] says in one line each.
#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { textMax = 256, answerMax = 4096, timeoutSeconds = 2 };

static char filePort[textMax], fileAdminBind[textMax], fileBind[textMax];

static char *trimmed(char *text) {
  while (isspace((unsigned char)*text)) text++;
  char *end = text + strlen(text);
  while (end > text && isspace((unsigned char)end[-1])) end--;
  *end = '\0';
  return text;
}

// A TOML value of one line: a number, or a string in quotes, which may be env:NAME.
static void readValue(char *value, char target[textMax]) {
  value = trimmed(value);
  const char quote = *value == '"' || *value == '\'' ? *value++ : '#';
  value[strcspn(value, quote == '#' ? "#" : (char[]){quote, '\0'})] = '\0';
  if (quote == '#') value = trimmed(value);
  if (strncmp(value, "env:", 4) == 0) value = getenv(value + 4);
  if (value != NULL) snprintf(target, textMax, "%s", value);
}

static bool readFile(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) return false;
  char line[1024], *key;
  bool isServer = false, isTop = true;
  while (fgets(line, sizeof line, file) != NULL) {
    key = trimmed(line);
    if (*key == '[') {
      key[strcspn(key, "#")] = '\0';
      isServer = strcmp(trimmed(key), "[server]") == 0;
      isTop = false;
      continue;
    }
    char *value = strchr(key, '=');
    if (value == NULL || *key == '#') continue;
    *value++ = '\0';
    key = trimmed(key);
    if (isTop && strncmp(key, "server.", 7) == 0) key += 7;
    else if (!isServer) continue;
    if (strcmp(key, "admin_port") == 0) readValue(value, filePort);
    if (strcmp(key, "admin_bind") == 0) readValue(value, fileAdminBind);
    if (strcmp(key, "bind") == 0) readValue(value, fileBind);
  }
  fclose(file);
  return true;
}

// The first that is set and not empty.
static const char *firstOf(const char *const *texts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (texts[i] != NULL && *texts[i] != '\0') return texts[i];
  }
  return "";
}
#define FIRST(...) \
  firstOf((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

// What listens on every address, or on one that has a name, is reached by the loopback address.
static int dial(const char *bind, int port) {
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
  const bool isSix = strcmp(bind, "::") != 0 && inet_pton(AF_INET6, bind, &six.sin6_addr) == 1;
  if (strcmp(bind, "0.0.0.0") == 0 || inet_pton(AF_INET, bind, &four.sin_addr) != 1) {
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  const int descriptor = socket(isSix ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  const struct timeval limit = {.tv_sec = timeoutSeconds};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int failed = isSix ? connect(descriptor, (struct sockaddr *)&six, sizeof six)
                           : connect(descriptor, (struct sockaddr *)&four, sizeof four);
  return failed == 0 ? descriptor : -1;
}

int main(void) {
  const char *configured = getenv("WEFTKIT_CONFIG");
  if (configured != NULL && *configured != '\0') readFile(configured);
  else if (!readFile("./weftkit.toml")) readFile("/etc/weftkit/weftkit.toml");
  const char *port = FIRST(getenv("WEFTKIT_ADMIN_PORT"), getenv("WEFTKIT_SERVER_ADMIN_PORT"), filePort, "9464");
  const char *bind = FIRST(getenv("WEFTKIT_ADMIN_BIND"), getenv("WEFTKIT_SERVER_ADMIN_BIND"), fileAdminBind,
                           getenv("WEFTKIT_BIND"), getenv("WEFTKIT_SERVER_BIND"), fileBind, "0.0.0.0");
  const int descriptor = dial(bind, atoi(port));
  if (descriptor < 0) {
    printf("nothing answers on the admin port %s of %s\n", port, bind);
    return 1;
  }
  const char *question = "GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
  char answer[answerMax + 1];
  size_t length = 0;
  ssize_t more = send(descriptor, question, strlen(question), MSG_NOSIGNAL);
  while (more > 0 && length < answerMax) {
    more = recv(descriptor, answer + length, answerMax - length, 0);
    if (more > 0) length += more;
  }
  answer[length] = '\0';
  if (strncmp(answer, "HTTP/1.1 200", 12) == 0) return 0;
  const char *body = strstr(answer, "\r\n\r\n");
  printf("%s\n", body == NULL ? "the admin port does not answer in time" : body + 4);
  return 1;
}
