/*
 * A load generator for chat servers: many clients of one server, in one thread.
 *
 *     cc -O2 -o load load.c
 *     ./load throughput --port 6667 --protocol irc --rooms 1 --members 200 --talkers 10
 *
 * It prints one JSON object on stdout. Exit codes: 0 well, 1 it could not be measured (a sentence
 * on stderr), 2 wrong usage, 3 measured, but the server lost, repeated, reordered, damaged or
 * misdirected lines.
 *
 * How lines in flight are counted: a line is in flight from the moment its talker sends it until
 * EVERY other member of the room has received it. A talker begins with `--inflight` lines, and
 * sends one more for each that has arrived everywhere. So the number of lines in flight is the
 * same for every server at every moment, however the server batches, and the slowest reader of a
 * room sets its pace.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * The text of a line: MARK + run, talker, number, time stamp, padding. Numbers are written in
 * base 64 with digits of fixed width, so that reading one costs a few instructions; none of the
 * digits ('0' to 'o') can be part of the mark. The run keeps a line of an earlier run, shown as
 * history, from being taken for one of this run.
 */
#define MARK "|L"
enum {
    RUN_DIGITS = 6,
    KEY_SIZE = 2 + RUN_DIGITS,
    TALKER_AT = KEY_SIZE,
    TALKER_DIGITS = 3,
    NUMBER_AT = TALKER_AT + TALKER_DIGITS,
    NUMBER_DIGITS = 4,
    STAMP_AT = NUMBER_AT + NUMBER_DIGITS,
    STAMP_DIGITS = 5,
    SMALLEST_TEXT = STAMP_AT + STAMP_DIGITS,
    LARGEST_TEXT = 400,
    LARGEST_LINE = LARGEST_TEXT + 64,
};

enum {
    READ_SIZE = 256 * 1024,
    EVENTS_PER_TURN = 64,
    PORTS = 16,
    LATENCY_BUCKETS = 2048,
    MISSING_KEPT = 4096,
    /* A prime, so that sampling does not fall into step with the sizes of batches. */
    THROUGHPUT_SAMPLING = 61,
    DRAIN_SECONDS = 10,
    SETTLE_SECONDS = 10,
    STDIN_EVENT = -1,
};

#define SECOND INT64_C(1000000)
#define QUIET (SECOND * 3 / 10)

enum mode { THROUGHPUT, PACED, HOLD };
enum protocol { IRC, TEXT };
enum stage { UNUSED, CONNECTING, GREETING, JOINING, JOINED };

struct options {
    enum mode mode;
    enum protocol protocol;
    struct in_addr address;
    int ports[PORTS], port_count, rooms, members, talkers, inflight, size, arriving, limit, pid;
    bool spread;
    double rate, warmup, seconds;
};

struct talker {
    struct client *client;
    uint32_t sent;      /* lines said so far; also the number of the next one */
    uint32_t credit;    /* lines it may say now */
    uint16_t *arrivals; /* for each line in flight: how many have received it */
    char line[LARGEST_LINE];
    int line_size, text_at;
};

struct client {
    int fd;
    enum stage stage;
    int room;
    uint32_t first_talker;
    uint32_t *expected; /* for each talker of the room: the number of its next line */
    char *partial;      /* received: the beginning of a line */
    int partial_size;
    char *unsent;
    int unsent_size;
};

struct missing {
    const struct client *reader;
    uint32_t which, number;
};

struct moment {
    int64_t at;
    uint64_t deliveries, lines;
    double server_cpu, own_cpu, machine_cpu;
};

static struct options opt = {
    .rooms = 1,
    .members = 200,
    .talkers = 10,
    .inflight = 10,
    .size = 64,
    .arriving = 100,
    .limit = 120,
    .rate = 50,
    .warmup = 1,
    .seconds = 5,
};

static struct client *clients;
static struct talker *talkers;
static int client_count, talker_count, joined_count;
static struct talker **ready; /* those with credit */
static int ready_count;
static uint32_t flight_mask;
static char key[KEY_SIZE + 1];

static int poller;
static struct timespec origin;
static int64_t clock_now; /* microseconds since the origin, as of the last look */
static int64_t last_heard;
static bool talking;
static bool told_to_go;
static volatile sig_atomic_t out_of_time;
static char last_line[160];

static uint64_t owed, delivered, lines_sent;
static uint64_t repeated, reordered, damaged, misdirected;
static struct missing missing[MISSING_KEPT];
static int missing_count;

static int sampling, until_sample;
static uint64_t latency[LATENCY_BUCKETS], latency_count;
static int64_t latency_max;
static int64_t latest_start; /* how late the worst line of a paced run was sent */

static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory)
        fail("There is not enough memory.");
    return memory;
}

static int64_t look_at_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    clock_now = (t.tv_sec - origin.tv_sec) * SECOND + (t.tv_nsec - origin.tv_nsec) / 1000;
    return clock_now;
}

/* ---- numbers in a line ---- */

static inline uint32_t read_digits(const char *at, int count)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 6 | ((uint32_t)(at[i] - '0') & 63);
    return value;
}

static inline void write_digits(char *at, int count, uint32_t value)
{
    for (int i = count - 1; i >= 0; i--, value >>= 6)
        at[i] = (char)('0' + (value & 63));
}

/* ---- latency: buckets of at most 1.6 % ---- */

static int bucket_of(int64_t microseconds)
{
    if (microseconds < 64)
        return microseconds < 0 ? 0 : (int)microseconds;
    int shift = 63 - __builtin_clzll((uint64_t)microseconds) - 6;
    return (shift << 6) + (int)(microseconds >> shift);
}

static double middle_of_bucket(int bucket)
{
    if (bucket < 128)
        return bucket;
    int shift = (bucket >> 6) - 1;
    return ((double)(bucket - (shift << 6)) + 0.5) * (double)(1 << shift);
}

static void sample_latency(const char *text)
{
    until_sample = sampling;
    int64_t taken = clock_now - read_digits(text + STAMP_AT, STAMP_DIGITS);
    latency[bucket_of(taken)]++;
    latency_count++;
    if (taken > latency_max)
        latency_max = taken;
}

static double percentile_ms(double share)
{
    uint64_t below = 0, wanted = (uint64_t)((double)latency_count * share);
    for (int i = 0; i < LATENCY_BUCKETS; i++) {
        below += latency[i];
        if (below > wanted)
            return middle_of_bucket(i) / 1000;
    }
    return 0;
}

static void forget_latency(void)
{
    memset(latency, 0, sizeof latency);
    latency_count = 0;
    latency_max = 0;
    latest_start = 0;
}

/* ---- sending ---- */

static void watch(struct client *client, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)(client - clients)};
    if (epoll_ctl(poller, operation, client->fd, &event))
        fail("epoll_ctl: %s.", strerror(errno));
}

static void keep_unsent(struct client *client, const char *data, int size)
{
    if (!client->unsent_size)
        watch(client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    client->unsent = realloc(client->unsent, (size_t)(client->unsent_size + size));
    if (!client->unsent)
        fail("There is not enough memory.");
    memcpy(client->unsent + client->unsent_size, data, (size_t)size);
    client->unsent_size += size;
}

static int send_some(struct client *client, const char *data, int size)
{
    ssize_t sent = send(client->fd, data, (size_t)size, MSG_NOSIGNAL);
    if (sent >= 0)
        return (int)sent;
    if (errno != EAGAIN)
        fail("Sending to the server failed: %s (last line heard: %s).", strerror(errno), last_line);
    return 0;
}

static void send_bytes(struct client *client, const char *data, int size)
{
    int sent = client->unsent_size ? 0 : send_some(client, data, size);
    if (sent < size)
        keep_unsent(client, data + sent, size - sent);
}

static void send_unsent(struct client *client)
{
    int sent = send_some(client, client->unsent, client->unsent_size);
    client->unsent_size -= sent;
    memmove(client->unsent, client->unsent + sent, (size_t)client->unsent_size);
    if (!client->unsent_size)
        watch(client, EPOLL_CTL_MOD, EPOLLIN);
}

static void send_line(struct client *client, const char *format, ...)
{
    char line[600];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line - 2, format, arguments);
    va_end(arguments);
    if (size > (int)sizeof line - 3)
        size = (int)sizeof line - 3;
    memcpy(line + size, "\r\n", 2);
    send_bytes(client, line, size + 2);
}

static void send_lines(struct talker *talker, uint32_t count)
{
    static char batch[64 * LARGEST_LINE];
    int size = 0;
    for (uint32_t i = 0; i < count; i++) {
        char *text = talker->line + talker->text_at;
        if (talker->arrivals)
            talker->arrivals[talker->sent & flight_mask] = 0;
        write_digits(text + NUMBER_AT, NUMBER_DIGITS, talker->sent++);
        write_digits(text + STAMP_AT, STAMP_DIGITS, (uint32_t)clock_now);
        memcpy(batch + size, talker->line, (size_t)talker->line_size);
        size += talker->line_size;
        if (size > (int)sizeof batch - LARGEST_LINE || i + 1 == count) {
            send_bytes(talker->client, batch, size);
            size = 0;
        }
    }
    lines_sent += count;
    owed += (uint64_t)count * (uint64_t)(opt.members - 1);
}

static void send_what_is_ready(void)
{
    if (!ready_count)
        return;
    look_at_clock();
    for (int i = 0; i < ready_count; i++) {
        if (talking)
            send_lines(ready[i], ready[i]->credit);
        ready[i]->credit = 0;
    }
    ready_count = 0;
}

static void give_credit(struct talker *talker, uint32_t lines)
{
    if (!talker->credit)
        ready[ready_count++] = talker;
    talker->credit += lines;
}

/* ---- receiving what talkers said ---- */

static void note_missing(const struct client *reader, uint32_t which, uint32_t from, uint32_t to)
{
    for (uint32_t number = from; number < to && missing_count < MISSING_KEPT; number++)
        missing[missing_count++] = (struct missing){reader, which, number};
}

static bool was_missing(const struct client *reader, uint32_t which, uint32_t number)
{
    for (int i = 0; i < missing_count; i++) {
        const struct missing *m = &missing[i];
        if (m->reader == reader && m->which == which && m->number == number) {
            missing[i] = missing[--missing_count];
            return true;
        }
    }
    return false;
}

/* True when the reader has this line for the first time, though not in its turn. */
static bool is_new_out_of_turn(struct client *reader, uint32_t which, uint32_t number)
{
    if (number >= talkers[reader->first_talker + which].sent) {
        damaged++;
        return false;
    }
    if (number > reader->expected[which]) {
        note_missing(reader, which, reader->expected[which], number);
        reader->expected[which] = number + 1;
        return true;
    }
    if (was_missing(reader, which, number)) {
        reordered++;
        return true;
    }
    repeated++;
    return false;
}

static inline void count_arrival(struct talker *talker, uint32_t number)
{
    if (++talker->arrivals[number & flight_mask] == opt.members - 1)
        give_credit(talker, 1);
}

static inline void receive_text(struct client *reader, const char *text)
{
    uint32_t which = read_digits(text + TALKER_AT, TALKER_DIGITS) - reader->first_talker;
    if (which >= (uint32_t)opt.talkers) {
        misdirected++;
        return;
    }
    uint32_t number = read_digits(text + NUMBER_AT, NUMBER_DIGITS);
    if (number == reader->expected[which])
        reader->expected[which]++;
    else if (!is_new_out_of_turn(reader, which, number))
        return;
    delivered++;
    if (--until_sample == 0)
        sample_latency(text);
    struct talker *talker = &talkers[reader->first_talker + which];
    if (talker->arrivals)
        count_arrival(talker, number);
}

/* ---- receiving what the server says ---- */

static int name_of(const struct client *client)
{
    return (int)(client - clients);
}

static void room_name(int room, char name[16])
{
    if (opt.rooms == 1)
        strcpy(name, "#lobby");
    else
        snprintf(name, 16, "#r%d", room);
}

static bool holds(const char *line, int size, const char *words)
{
    return memmem(line, (size_t)size, words, strlen(words)) != NULL;
}

static void enter(struct client *client)
{
    client->stage = JOINED;
    joined_count++;
}

static void hear_text(struct client *client, const char *line, int size)
{
    char room[16], words[40];
    room_name(client->room, room);
    snprintf(words, sizeof words, "You are in %s", client->stage == GREETING ? "#lobby" : room);
    if (!holds(line, size, words))
        return;
    if (client->stage == JOINING) {
        send_line(client, "/leave #lobby");
        enter(client);
    } else if (strcmp(room, "#lobby") == 0) {
        enter(client);
    } else {
        client->stage = JOINING;
        send_line(client, "/join %s", room);
    }
}

static void hear_numeric(struct client *client, int numeric, const char *line, int size)
{
    char room[16];
    room_name(client->room, room);
    if (client->stage == GREETING && numeric == 1) {
        client->stage = JOINING;
        send_line(client, "JOIN %s", room);
    } else if (client->stage == JOINING && numeric == 366) {
        enter(client);
    } else if (numeric >= 400 && numeric < 600 && numeric != 422) {
        fail("The server refused u%d: %.*s", name_of(client), size, line);
    }
}

static void hear_irc(struct client *client, const char *line, int size)
{
    const char *command = line, *end = line + size;
    if (*line == ':') {
        const char *space = memchr(line, ' ', (size_t)size);
        command = space ? space + 1 : end;
    }
    int left = (int)(end - command);
    if (left >= 5 && memcmp(command, "PING ", 5) == 0)
        send_line(client, "PONG %.*s", left - 5, command + 5);
    else if (left >= 5 && memcmp(command, "ERROR", 5) == 0)
        fail("The server closed the connection of u%d: %.*s", name_of(client), size, line);
    else if (client->stage != JOINED && left >= 4 && command[3] == ' ')
        hear_numeric(client, atoi(command), line, size);
}

static void hear(struct client *client, const char *line, int size)
{
    int kept = size < (int)sizeof last_line ? size : (int)sizeof last_line - 1;
    memcpy(last_line, line, (size_t)kept);
    last_line[kept] = '\0';
    if (talking && memmem(line, (size_t)size, key, KEY_SIZE))
        damaged++;
    if (opt.protocol == IRC)
        hear_irc(client, line, size);
    else if (client->stage != JOINED)
        hear_text(client, line, size);
}

static inline void receive_line(struct client *client, const char *line, const char *end)
{
    if (end > line && end[-1] == '\r')
        end--;
    const char *text = end - opt.size;
    if (text >= line && memcmp(text, key, KEY_SIZE) == 0)
        receive_text(client, text);
    else if (end > line)
        hear(client, line, (int)(end - line));
}

static void keep_partial(struct client *client, const char *from, int size)
{
    if (size > READ_SIZE / 2)
        fail("The server sent a line of more than %d bytes.", READ_SIZE / 2);
    if (size > client->partial_size) {
        client->partial = realloc(client->partial, (size_t)size);
        if (!client->partial)
            fail("There is not enough memory.");
    }
    if (size)
        memcpy(client->partial, from, (size_t)size);
    client->partial_size = size;
}

/*
 * A server that leaves Nagle's algorithm on may not send a small packet before the one ahead of
 * it is acknowledged, and Linux likes to acknowledge 40 ms late. With a fixed number of lines in
 * flight that wait, and not the server, would be what is measured; so acknowledge at once.
 */
static void acknowledge(const struct client *client)
{
    int on = 1;
    setsockopt(client->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static void receive(struct client *client)
{
    static char buffer[READ_SIZE];
    int kept = client->partial_size;
    if (kept)
        memcpy(buffer, client->partial, (size_t)kept);
    ssize_t size = recv(client->fd, buffer + kept, (size_t)(READ_SIZE - kept), 0);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0)
        fail("The server closed the connection of u%d (last line heard: %s).", name_of(client),
             last_line);
    acknowledge(client);
    last_heard = look_at_clock();
    const char *line = buffer, *end = buffer + kept + size, *newline;
    while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
        receive_line(client, line, newline);
        line = newline + 1;
    }
    keep_partial(client, line, (int)(end - line));
}

/* ---- connecting ---- */

/* Clients take the ports in turn: each of a room in a turn of its own, or all of a room together. */
static int port_of(const struct client *client)
{
    int turn = opt.spread ? name_of(client) : client->room;
    return opt.ports[turn % opt.port_count];
}

static void begin_connection(struct client *client)
{
    struct sockaddr_in server = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port_of(client)),
        .sin_addr = opt.address,
    };
    int on = 1;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        fail("A socket could not be opened: %s.", strerror(errno));
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(client->fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS)
        fail("Connecting to port %d failed: %s.", port_of(client), strerror(errno));
    client->stage = CONNECTING;
    watch(client, EPOLL_CTL_ADD, EPOLLOUT);
}

static void finish_connection(struct client *client)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error)
        fail("Connecting to port %d failed: %s.", port_of(client), strerror(error));
    client->stage = GREETING;
    watch(client, EPOLL_CTL_MOD, EPOLLIN);
    int name = name_of(client);
    if (opt.protocol == IRC)
        send_line(client, "NICK u%d\r\nUSER u%d 0 * :load", name, name);
    else
        send_line(client, "u%d", name);
}

/* ---- turns of the loop ---- */

static void stop_for_time(void)
{
    if (joined_count < client_count)
        fail("Only %d of %d clients had joined after %d seconds (last line heard: %s).",
             joined_count, client_count, opt.limit, last_line);
    fail("The time limit of %d seconds is over.", opt.limit);
}

static void handle(const struct epoll_event *event)
{
    if (event->data.u64 == (uint64_t)STDIN_EVENT) {
        told_to_go = true;
        return;
    }
    struct client *client = &clients[event->data.u64];
    if (client->stage == CONNECTING) {
        finish_connection(client);
        return;
    }
    if (event->events & EPOLLOUT)
        send_unsent(client);
    if (event->events & ~(uint32_t)EPOLLOUT)
        receive(client);
}

static void take_turn(int milliseconds)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count = epoll_wait(poller, events, EVENTS_PER_TURN, milliseconds);
    if (out_of_time)
        stop_for_time();
    for (int i = 0; i < count; i++)
        handle(&events[i]);
    send_what_is_ready();
}

/* Rounded down, so that the last part of a millisecond is spent looking at the clock. */
static int milliseconds_until(int64_t when)
{
    int64_t left = when - clock_now;
    return left > 0 ? (int)(left / 1000) : 0;
}

static void run_until(int64_t when)
{
    while (look_at_clock() < when)
        take_turn(milliseconds_until(when));
}

static void arrive(void)
{
    int begun = 0;
    while (joined_count < client_count) {
        while (begun < client_count && begun - joined_count < opt.arriving)
            begin_connection(&clients[begun++]);
        take_turn(100);
    }
}

/* Joining makes noise of its own (everybody is told of everybody); let it die away. */
static void settle(void)
{
    int64_t latest = look_at_clock() + SETTLE_SECONDS * SECOND;
    last_heard = clock_now;
    while (look_at_clock() < latest && clock_now < last_heard + QUIET)
        take_turn(20);
}

static void drain(void)
{
    int64_t latest = look_at_clock() + DRAIN_SECONDS * SECOND;
    while (delivered < owed && look_at_clock() < latest)
        take_turn(20);
    settle();
}

/* ---- the modes ---- */

static double cpu_of_server(void)
{
    char path[40], stat[1024];
    unsigned long user, system;
    if (!opt.pid)
        return 0;
    snprintf(path, sizeof path, "/proc/%d/stat", opt.pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(stat, sizeof stat, file))
        fail("There is no process %d to measure.", opt.pid);
    fclose(file);
    /* The name of the program, in brackets, may hold anything: count from its end. */
    const char *fields = strrchr(stat, ')');
    if (!fields || sscanf(fields + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                          &user, &system) != 2)
        fail("The CPU time of process %d could not be read.", opt.pid);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double own_cpu(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Of all processors together, with what a hypervisor has taken away. */
static double cpu_of_machine(void)
{
    unsigned long long user, nice, system, irq, softirq, stolen;
    FILE *file = fopen("/proc/stat", "r");
    if (!file || fscanf(file, "cpu %llu %llu %llu %*u %*u %llu %llu %llu", &user, &nice, &system,
                        &irq, &softirq, &stolen) != 6)
        fail("The CPU time of the machine could not be read.");
    fclose(file);
    return (double)(user + nice + system + irq + softirq + stolen) / (double)sysconf(_SC_CLK_TCK);
}

static struct moment this_moment(void)
{
    return (struct moment){
        look_at_clock(), delivered, lines_sent, cpu_of_server(), own_cpu(), cpu_of_machine(),
    };
}

static void run_throughput(struct moment *begin, struct moment *end)
{
    talking = true;
    for (int i = 0; i < talker_count; i++)
        give_credit(&talkers[i], (uint32_t)opt.inflight);
    send_what_is_ready();
    run_until(look_at_clock() + (int64_t)(opt.warmup * (double)SECOND));
    forget_latency();
    *begin = this_moment();
    run_until(begin->at + (int64_t)(opt.seconds * (double)SECOND));
    *end = this_moment();
    talking = false;
}

static uint64_t say_what_is_due(int64_t start, uint64_t said)
{
    for (;; said++) {
        int64_t due = start + (int64_t)((double)said * (double)SECOND / opt.rate);
        if (look_at_clock() < due)
            return said;
        if (clock_now - due > latest_start)
            latest_start = clock_now - due;
        send_lines(&talkers[said % (uint64_t)talker_count], 1);
    }
}

static void run_paced(struct moment *begin, struct moment *end)
{
    int64_t start = look_at_clock(), from = start + (int64_t)(opt.warmup * (double)SECOND);
    int64_t to = from + (int64_t)(opt.seconds * (double)SECOND);
    uint64_t said = 0;
    bool measuring = false;
    while (look_at_clock() < to) {
        if (!measuring && clock_now >= from) {
            measuring = true;
            forget_latency();
            *begin = this_moment();
        }
        said = say_what_is_due(start, said);
        take_turn(milliseconds_until(start + (int64_t)((double)said * (double)SECOND / opt.rate)));
    }
    *end = this_moment();
}

static void wait_for_stdin(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)STDIN_EVENT};
    /* A file or /dev/null cannot be waited for, which means: do not hold. */
    if (epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event))
        return;
    while (!told_to_go)
        take_turn(1000);
}

/* ---- results ---- */

static uint64_t faults(void)
{
    return owed - delivered + repeated + reordered + damaged + misdirected;
}

static void print_measured(const struct moment *begin, const struct moment *end)
{
    double seconds = (double)(end->at - begin->at) / (double)SECOND;
    double deliveries = (double)(end->deliveries - begin->deliveries);
    double cpu = end->server_cpu - begin->server_cpu;
    double own = end->own_cpu - begin->own_cpu;
    double machine = end->machine_cpu - begin->machine_cpu;
    printf(", \"seconds\": %.3f, \"lines\": %llu, \"deliveries\": %.0f", seconds,
           (unsigned long long)(end->lines - begin->lines), deliveries);
    printf(", \"lines_per_second\": %.1f, \"deliveries_per_second\": %.1f",
           (double)(end->lines - begin->lines) / seconds, deliveries / seconds);
    if (opt.pid)
        printf(", \"server_cpu_seconds\": %.2f, \"server_busy\": %.3f"
               ", \"cpu_us_per_delivery\": %.4f, \"others_busy\": %.3f",
               cpu, cpu / seconds, deliveries ? cpu * 1e6 / deliveries : 0,
               (machine - cpu - own) / seconds);
    printf(", \"generator_busy\": %.3f", own / seconds);
    printf(", \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"latency_samples\": %llu",
           percentile_ms(0.50), percentile_ms(0.99), (double)latency_max / 1000,
           (unsigned long long)latency_count);
    if (opt.mode == PACED)
        printf(", \"sent_late_max_ms\": %.3f", (double)latest_start / 1000);
    printf(", \"lost\": %llu, \"repeated\": %llu, \"reordered\": %llu, \"damaged\": %llu"
           ", \"misdirected\": %llu",
           (unsigned long long)(owed - delivered), (unsigned long long)repeated,
           (unsigned long long)reordered, (unsigned long long)damaged,
           (unsigned long long)misdirected);
}

static int measure(void)
{
    struct moment begin, end;
    /* Latency is taken when the window ends, not when the last lines have been drained. */
    (opt.mode == PACED ? run_paced : run_throughput)(&begin, &end);
    until_sample = 0;
    drain();
    print_measured(&begin, &end);
    return faults() ? 3 : 0;
}

static void hold(double arrived_after)
{
    fprintf(stderr, "holding %d clients, which arrived in %.3f s\n", client_count, arrived_after);
    wait_for_stdin();
}

static int run(void)
{
    arrive();
    double arrived_after = (double)look_at_clock() / (double)SECOND;
    settle();
    printf("{\"clients\": %d, \"arrival_seconds\": %.3f", client_count, arrived_after);
    int code = 0;
    if (opt.mode == HOLD)
        hold(arrived_after);
    else
        code = measure();
    printf("}\n");
    return code;
}

/* ---- setting up ---- */

static void make_line(struct talker *talker, int index)
{
    char room[16], *line = talker->line;
    room_name(talker->client->room, room);
    talker->text_at = opt.protocol == IRC ? sprintf(line, "PRIVMSG %s :", room) : 0;
    char *text = line + talker->text_at;
    memset(text, 'x', (size_t)opt.size);
    memcpy(text, key, KEY_SIZE);
    write_digits(text + TALKER_AT, TALKER_DIGITS, (uint32_t)index);
    memcpy(text + opt.size, "\r\n", 2);
    talker->line_size = talker->text_at + opt.size + 2;
}

static void make_talker(int index)
{
    struct talker *talker = &talkers[index];
    int room = index / opt.talkers, which = index % opt.talkers;
    talker->client = &clients[room * opt.members + which];
    /* Nobody is shown their own lines: one that is, is one too many. */
    talker->client->expected[which] = UINT32_MAX;
    if (opt.mode == THROUGHPUT)
        talker->arrivals = allocate(flight_mask + 1, sizeof *talker->arrivals);
    make_line(talker, index);
}

static void make_client(int index)
{
    struct client *client = &clients[index];
    client->room = index / opt.members;
    client->first_talker = (uint32_t)(client->room * opt.talkers);
    client->expected = allocate((size_t)opt.talkers + 1, sizeof *client->expected);
}

static void make_key(void)
{
    memcpy(key, MARK, 2);
    write_digits(key + 2, RUN_DIGITS, (uint32_t)(origin.tv_nsec ^ ((long)getpid() << 12)));
}

static void make_clients(void)
{
    flight_mask = 1;
    while (flight_mask < (uint32_t)opt.inflight)
        flight_mask <<= 1;
    flight_mask--;
    client_count = opt.rooms * opt.members;
    talker_count = opt.rooms * opt.talkers;
    clients = allocate((size_t)client_count, sizeof *clients);
    talkers = allocate((size_t)talker_count + 1, sizeof *talkers);
    ready = allocate((size_t)talker_count + 1, sizeof *ready);
    for (int i = 0; i < client_count; i++)
        make_client(i);
    for (int i = 0; i < talker_count; i++)
        make_talker(i);
    until_sample = sampling = opt.mode == PACED ? 1 : THROUGHPUT_SAMPLING;
}

static void raise_file_limit(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if ((rlim_t)client_count + 20 > files.rlim_max)
        fail("%d clients need more files than the %llu this process may open.", client_count,
             (unsigned long long)files.rlim_max);
}

static void note_time_is_over(int number)
{
    (void)number;
    out_of_time = 1;
}

static void usage(const char *problem)
{
    fprintf(stderr,
            "load: %s\n"
            "usage: load throughput|paced|hold --port PORT --protocol irc|text [options]\n"
            "  --address ADDR  a loopback address of the server (127.0.0.1)\n"
            "  --port PORT     again for each other node of the same chat: rooms take them in turn\n"
            "  --spread        the members of each room take them in turn\n"
            "  --rooms R       rooms (1: everybody is in #lobby)\n"
            "  --members M     clients in each room (200)\n"
            "  --talkers T     talkers in each room (10)\n"
            "  --inflight W    throughput: lines in flight for each talker (10)\n"
            "  --rate L        paced: lines a second, of all talkers together (50)\n"
            "  --size BYTES    text of a line (64)\n"
            "  --warmup S      seconds before measuring (1)\n"
            "  --seconds S     seconds of measuring (5)\n"
            "  --arriving N    clients on their way in at the same time (100)\n"
            "  --pid PID       the server's process, to measure its CPU time\n"
            "  --limit S       give up after so many seconds, at most 1000 (120)\n",
            problem);
    exit(2);
}

static double number_between(const char *text, double least, double most)
{
    char *end, problem[100];
    double value = strtod(text, &end);
    if (end != text && !*end && value >= least && value <= most)
        return value;
    snprintf(problem, sizeof problem, "%.30s is not a number from %g to %g.", text, least, most);
    usage(problem);
    return 0;
}

static struct in_addr loopback(const char *text)
{
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1 || ntohl(address.s_addr) >> 24 != 127)
        usage("Only loopback addresses (127.x.x.x) are served.");
    return address;
}

static enum protocol protocol_named(const char *text)
{
    if (strcmp(text, "irc") != 0 && strcmp(text, "text") != 0)
        usage("The protocol is irc or text.");
    return *text == 'i' ? IRC : TEXT;
}

static enum mode mode_named(const char *text)
{
    static const char *const names[] = {"throughput", "paced", "hold"};
    for (int i = 0; i < 3; i++)
        if (text && strcmp(text, names[i]) == 0)
            return (enum mode)i;
    usage("The mode is throughput, paced or hold.");
    return HOLD;
}

static void add_port(int port)
{
    if (opt.port_count == PORTS)
        usage("There are too many ports.");
    opt.ports[opt.port_count++] = port;
}

static void set_option(int letter)
{
    switch (letter) {
    case 'a': opt.address = loopback(optarg); break;
    case 'P': opt.protocol = protocol_named(optarg); break;
    case 'p': add_port((int)number_between(optarg, 1, 65535)); break;
    case 'S': opt.spread = true; break;
    case 'r': opt.rooms = (int)number_between(optarg, 1, 5000); break;
    case 'm': opt.members = (int)number_between(optarg, 2, 60000); break;
    case 't': opt.talkers = (int)number_between(optarg, 1, 1000); break;
    case 'i': opt.inflight = (int)number_between(optarg, 1, 10000); break;
    case 'l': opt.rate = number_between(optarg, 0.01, 1e6); break;
    case 'z': opt.size = (int)number_between(optarg, SMALLEST_TEXT, LARGEST_TEXT); break;
    case 'w': opt.warmup = number_between(optarg, 0, 300); break;
    case 's': opt.seconds = number_between(optarg, 0.01, 600); break;
    case 'n': opt.arriving = (int)number_between(optarg, 1, 60000); break;
    case 'd': opt.pid = (int)number_between(optarg, 1, 1e9); break;
    case 'x': opt.limit = (int)number_between(optarg, 1, 1000); break;
    default: usage("That option is not known, or lacks its value.");
    }
}

static void read_options(int count, char **words)
{
    static const struct option known[] = {
        {"address", 1, NULL, 'a'},  {"protocol", 1, NULL, 'P'}, {"port", 1, NULL, 'p'},
        {"rooms", 1, NULL, 'r'},    {"members", 1, NULL, 'm'},  {"talkers", 1, NULL, 't'},
        {"inflight", 1, NULL, 'i'}, {"rate", 1, NULL, 'l'},     {"size", 1, NULL, 'z'},
        {"warmup", 1, NULL, 'w'},   {"seconds", 1, NULL, 's'},  {"arriving", 1, NULL, 'n'},
        {"pid", 1, NULL, 'd'},      {"limit", 1, NULL, 'x'},    {"spread", 0, NULL, 'S'},
        {NULL, 0, NULL, 0},
    };
    int letter;
    opterr = 0;
    opt.address = loopback("127.0.0.1");
    opt.protocol = (enum protocol)-1;
    while ((letter = getopt_long(count, words, "", known, NULL)) != -1)
        set_option(letter);
    opt.mode = mode_named(words[optind]);
    if (opt.mode == HOLD)
        opt.talkers = 0;
    if (!opt.port_count || (int)opt.protocol == -1)
        usage("--port and --protocol are needed.");
    if (opt.talkers > opt.members)
        usage("There cannot be more talkers than members.");
    if (opt.rooms * opt.talkers >= 1 << 18)
        usage("There cannot be more than 262143 talkers.");
}

int main(int count, char **words)
{
    read_options(count, words);
    clock_gettime(CLOCK_MONOTONIC, &origin);
    signal(SIGALRM, note_time_is_over);
    alarm((unsigned)opt.limit);
    make_key();
    make_clients();
    raise_file_limit();
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0)
        fail("epoll_create: %s.", strerror(errno));
    return run();
}
