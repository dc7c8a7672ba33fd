/// <reference types="node" />

export interface StartOptions {
  /** The TCP port. 0, the default, picks a free one; see Server.port. */
  port?: number
  /** The address to listen on, 127.0.0.1 by default. */
  host?: string
  /** The path of a Unix socket to listen on as well. */
  unixsocket?: string
  /** Directives of redis.conf, such as { maxmemory: '100mb' }. No files are written unless it has a dir. */
  config?: Record<string, string | number | boolean>
  /** A redis.conf to read first. */
  confFile?: string
  /** Files with fixtures, loaded in their order: .rdb, .json, or commands as redis-cli reads them. */
  load?: string[]
  /** Rules of strict mode, such as ['all warn']; see Controls.checkStrict. */
  strict?: string[]
  /** More arguments for the binary, as they are. */
  args?: string[]
  /** Allow the test controls, true by default. */
  testing?: boolean
  /** The longest that a start may take, in milliseconds; 10000 by default. */
  timeout?: number
}

/** What a command replies. A bulk string that is no UTF-8 is a Buffer, an integer beyond 2^53 a bigint. */
export type Reply = string | number | bigint | Buffer | null | Reply[]

/** The server's clock. Expiry, TIME, stream ids and timeouts follow it. */
export interface Clock {
  /**
   * Moves the clock forward. Everything that becomes due has happened when the promise resolves: keys have expired,
   * blocked clients have their replies.
   */
  advance(milliseconds: number): Promise<void>
  /** Sets the clock: to a Date, or to milliseconds since 1970. */
  set(time: Date | number): Promise<void>
  /** Stops the clock: it moves only by advance() and set(). */
  freeze(): Promise<void>
  /** Lets the clock run on from where it is. */
  resume(): Promise<void>
  now(): Promise<Date>
}

/** Which commands a fault applies to. A field left out matches everything. */
export interface FaultConditions {
  /** 'GET', or 'CONFIG|SET'. */
  command?: string
  /** A category of ACL, such as 'write'. */
  category?: string
  /** A glob that one of the keys matches. */
  key?: string
  /** A glob of the client's name or address. */
  client?: string
  user?: string
  /** The space that the client is in. */
  space?: string
  /** Only from the nth match on. */
  from?: number
  /** Only every nth match. */
  every?: number
  /** At most this many times. */
  times?: number
  /** From 0 to 1, drawn from the server's seed. */
  probability?: number
  /** Only after this time of the server's clock. */
  after?: Date | number
  /** Only before this time of the server's clock. */
  before?: Date | number
}

/** What happens to the command: exactly one of these. */
export type FaultAction =
  /** An error reply, such as 'LOADING Redis is loading the dataset in memory'. */
  | { error: string }
  /** Executed this many milliseconds later, on the server's clock. */
  | { delay: number }
  /** The connection closes before the execution, or after it with the reply lost. */
  | { close: 'before' | 'after' }
  /** This many bytes of the reply arrive, then the connection closes. */
  | { cut: number }
  /** Not executed, no reply. */
  | { blackhole: true }
  /** The reply comes byte by byte, this many milliseconds apart. */
  | { trickle: number }
  /** The keys of the command expire before it runs. */
  | { expire: true }
  /** The keys of the command are evicted before it runs. */
  | { evict: true }
  /** New connections are closed. */
  | { refuse: true }
  /** An operation that writes a file fails. */
  | { disk: 'enospc' | 'eio' }

export type Fault = FaultConditions & FaultAction

/** A fault that is in force until it is removed. */
export interface InjectedFault extends AsyncDisposable {
  remove(): Promise<void>
}

/** A rule of strict mode that a command has broken, as it was the first time. */
export interface StrictFinding {
  rule: string
  /** The reply was an error if it is 'error'. */
  level: 'warn' | 'error'
  command: string
  /** What is wrong with the command. */
  message: string
  /** The command as redis-cli reads it, cut if it is long. */
  line: string
  /** The client's name or address. */
  client: string
  count: number
  /** On the clock of the server. */
  first: Date
}

/** The commands that clients send, with the replies, until it is stopped. It can be read until the next recording begins. */
export interface Recording extends AsyncDisposable {
  /**
   * The number of commands that match a pattern: a glob for each word, 'SET user:* *'. As the last word '...' stands for
   * any further ones, and is the default.
   */
  count(pattern?: string): Promise<number>
  /** All of it, for a person to read. */
  transcript(): Promise<string>
  /** Ends the recording. */
  stop(): Promise<void>
}

/** A server and its test controls; docs/testing.md of the server is the guide. */
export interface Controls extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** What clients connect to: redis://127.0.0.1:34567/0. */
  readonly url: string
  readonly clock: Clock
  /** Runs one command on a connection of this object. Rejects with a ReplyError if the reply is an error. */
  call(...words: (string | number | bigint | Buffer)[]): Promise<Reply>
  /** Remembers data, users, scripts, functions, settings and time; 'default' is the name if none is given. */
  snapshot(name?: string): Promise<void>
  /** Goes back to a snapshot. Clients stay connected. */
  restore(name?: string): Promise<void>
  /** Makes the server as it was after its start. */
  reset(): Promise<void>
  /** Makes an independent server with the same data, without copying them. It ends with stop(). */
  fork(): Promise<Fork>
  /** Injects a fault from now on; `await using` removes it at the end of the block. */
  inject(fault: Fault): Promise<InjectedFault>
  /**
   * Sets rules of strict mode, which finds what works in tests but fails in production:
   * strict('all warn', 'large-reads error 100').
   */
  strict(...rules: string[]): Promise<void>
  /** What strict mode has found since the start or resetStrict(). */
  strictReport(): Promise<StrictFinding[]>
  /** Forgets what strict mode has found. The rules stay. */
  resetStrict(): Promise<void>
  /**
   * Rejects with a StrictError if strict mode has warned since the start or the last reset. A test that expects
   * warnings calls resetStrict().
   */
  checkStrict(): Promise<void>
  /**
   * Records commands and replies of clients from now on; `await using` stops it at the end of the block. With scripts
   * also what scripts and functions call, with spaces also what clients in the spaces of the server do.
   */
  record(options?: { scripts?: boolean; spaces?: boolean }): Promise<Recording>
  /**
   * The URL of a private server behind this port, a fork of this one when its first client connects. It needs the
   * setting config: { spaces: true }.
   */
  spaceUrl(name: string): string
  /** Adds data: an RDB file's content, JSON, or commands as redis-cli reads them. */
  load(data: string | Buffer): Promise<void>
  /** All data as commands that make it again, in a stable order. */
  dump(): Promise<string>
  /** Ends it. Calling it again does nothing. */
  stop(): Promise<void>
}

/** A server in the process of the one that it was forked from. */
export interface Fork extends Controls {}

/** A server process. It ends with stop(), or with this process, however that ends. */
export interface Server extends Controls {
  readonly pid: number
  /** What the server has logged, also after its end. */
  log(): string
}

/** Starts a server. Resolves when it accepts connections; rejects with a StartError. */
export function start(options?: StartOptions): Promise<Server>

/**
 * The URL of a space of this worker of Jest, Vitest or node:test: a private server behind the one that the global set-up
 * of the runner started, whose URL is in REDIS_URL.
 */
export function workerUrl(url?: string): string

/**
 * The test controls of a server that another process has started, or of a space in it: by default of the space of this
 * worker, see workerUrl.
 */
export function connect(url?: string): Controls

/** beforeEach and afterEach of a test runner. */
export interface Hooks {
  beforeEach(hook: () => Promise<void>): unknown
  afterEach(hook: () => Promise<void>): unknown
}

/**
 * For a set-up file of Jest or Vitest: a test fails that strict mode warns of, in the space of this worker. The rules are
 * such as ['all warn', 'missing-ttl warn session:*']; the hooks are the global ones by default.
 */
export function failOnWarnings(rules: string[], hooks?: Hooks): void

/** The path of the binary: RESP_SERVER_BINARY, or that of the package for this platform. */
export function findBinary(): string

/** An error that the server replied. */
export class ReplyError extends Error {}

/** Strict mode has warned of what a test has done. The message has rules and commands. */
export class StrictError extends Error {}

/** The server did not start. The message ends with what it logged. */
export class StartError extends Error {}
