package io.github.respserver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BinaryTest {
    @Test
    void namesEveryPlatform() {
        assertEquals("linux-x86_64", Binary.platform("Linux", "amd64"));
        assertEquals("linux-aarch_64", Binary.platform("Linux", "aarch64"));
        assertEquals("osx-x86_64", Binary.platform("Mac OS X", "x86_64"));
        assertEquals("osx-aarch_64", Binary.platform("Mac OS X", "aarch64"));
        assertEquals("windows-x86_64", Binary.platform("Windows 11", "amd64"));
        assertEquals("windows-aarch_64", Binary.platform("Windows Server 2025", "aarch64"));
        assertEquals("freebsd-x86_64", Binary.platform("FreeBSD", "amd64"));
        assertEquals("freebsd-aarch_64", Binary.platform("FreeBSD", "aarch64"));
    }
}
