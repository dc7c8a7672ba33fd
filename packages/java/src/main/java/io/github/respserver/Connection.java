package io.github.respserver;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A connection that speaks RESP, for the test controls: no client is needed. */
final class Connection implements Closeable {
    private static final int TIMEOUT = 60_000; // milliseconds, for connecting and for each reply

    private final Socket socket = new Socket();
    private final InputStream in;

    Connection(String host, int port) throws IOException {
        try {
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(host, port), TIMEOUT);
            socket.setSoTimeout(TIMEOUT);
            in = new BufferedInputStream(socket.getInputStream());
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Runs a command. The reply is a String, a Long, a List, null, or byte[] for bytes that are not UTF-8. An error is
     * thrown as a ReplyException.
     */
    Object call(Object... words) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(ascii("*" + words.length + "\r\n"));
        for (Object word : words) {
            byte[] data = word instanceof byte[] bytes ? bytes : word.toString().getBytes(StandardCharsets.UTF_8);
            request.writeBytes(ascii("$" + data.length + "\r\n"));
            request.writeBytes(data);
            request.writeBytes(ascii("\r\n"));
        }
        socket.getOutputStream().write(request.toByteArray());
        Object reply = read();
        if (reply instanceof ReplyException error) {
            throw error;
        }
        return reply;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private Object read() throws IOException {
        String line = line();
        String rest = line.substring(1);
        switch (line.charAt(0)) {
            case '+':
                return rest;
            case '-':
                return new ReplyException(rest);
            case ':':
                return Long.valueOf(rest);
            case '$':
                int length = Integer.parseInt(rest);
                return length < 0 ? null : text(bytes(length));
            case '*':
                int count = Integer.parseInt(rest);
                if (count < 0) {
                    return null;
                }
                List<Object> items = new ArrayList<>(count);
                for (int i = 0; i < count; i++) {
                    items.add(read());
                }
                return items;
            default:
                throw new ProtocolException("unexpected reply " + line);
        }
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c; (c = in.read()) != '\n'; ) {
            if (c < 0) {
                throw new EOFException("the server closed the connection");
            }
            line.write(c);
        }
        String text = line.toString(StandardCharsets.UTF_8);
        if (text.length() < 2 || !text.endsWith("\r")) {
            throw new ProtocolException("unexpected reply " + text);
        }
        return text.substring(0, text.length() - 1);
    }

    private byte[] bytes(int length) throws IOException {
        byte[] data = in.readNBytes(length);
        if (data.length < length || in.readNBytes(2).length < 2) {
            throw new EOFException("the server closed the connection");
        }
        return data;
    }

    private static Object text(byte[] data) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(data)).toString();
        } catch (CharacterCodingException e) {
            return data;
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
