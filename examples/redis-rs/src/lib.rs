use redis::{Connection, RedisResult};

/// Allows so many calls in a minute.
pub struct Limiter {
    pub limit: u64,
}

impl Limiter {
    pub fn allow(&self, redis: &mut Connection, user: &str) -> RedisResult<bool> {
        let key = format!("calls:{user}");
        let (calls,): (u64,) = redis::pipe()
            .atomic()
            .cmd("INCR").arg(&key)
            .cmd("EXPIRE").arg(&key).arg(60).arg("NX").ignore()
            .query(redis)?;
        Ok(calls <= self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resp_server::{Fork, Server};
    use std::sync::OnceLock;
    use std::time::Duration;

    /// A copy of one server, for one test: tests run in parallel.
    fn server() -> (Fork, Connection) {
        static SERVER: OnceLock<Server> = OnceLock::new();
        let fork = SERVER.get_or_init(|| Server::start().unwrap()).fork().unwrap();
        let connection = redis::Client::open(fork.url()).unwrap().get_connection().unwrap();
        (fork, connection)
    }

    #[test]
    fn allows_until_the_limit() {
        let (_server, mut redis) = server();
        let limiter = Limiter { limit: 2 };
        let allowed: Vec<bool> = (0..3).map(|_| limiter.allow(&mut redis, "ann").unwrap()).collect();
        assert_eq!(allowed, [true, true, false]);
    }

    #[test]
    fn allows_again_after_a_minute() {
        let (server, mut redis) = server();
        let limiter = Limiter { limit: 1 };
        assert!(limiter.allow(&mut redis, "ann").unwrap());
        assert!(!limiter.allow(&mut redis, "ann").unwrap());
        server.clock().advance(Duration::from_secs(60)).unwrap();
        assert!(limiter.allow(&mut redis, "ann").unwrap());
    }
}
