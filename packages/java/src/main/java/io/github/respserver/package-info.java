/** A Redis-compatible server for tests, as a process that {@link io.github.respserver.RespServer} starts. */
package io.github.respserver;
