/** The extension for JUnit 5 and 6. */
package io.github.respserver.junit;
