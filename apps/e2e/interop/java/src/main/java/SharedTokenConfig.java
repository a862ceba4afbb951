import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import me.chanjar.weixin.common.redis.JedisWxRedisOps;
import me.chanjar.weixin.mp.config.impl.WxMpRedisConfigImpl;
import org.apache.commons.codec.digest.DigestUtils;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.util.Pool;

/** Reads the token that Lingpai mirrors and never fetches one: service.setWxMpConfigStorage(new SharedTokenConfig(pool)). */
class SharedTokenConfig extends WxMpRedisConfigImpl {
  private final Pool<Jedis> pool;
  private final Lock lock = new ReentrantLock();
  private volatile String last;

  SharedTokenConfig(Pool<Jedis> pool) {
    super(new JedisWxRedisOps(pool), "wx");
    this.pool = pool;
  }

  @Override public String getAccessToken() {
    try {
      String token = super.getAccessToken();
      if (token != null) last = token;
    } catch (RuntimeException failingOver) { /* the last token is as good as ever */ }
    return last;
  }

  @Override public boolean isAccessTokenExpired() { return false; } // else it would fetch one
  @Override public boolean autoRefreshToken() { return false; }
  @Override public Lock getAccessTokenLock() { return lock; }

  /** WxJava calls this when the token was refused: instead of deleting the key it is reported, and the next call finds another. */
  @Override public void expireAccessToken() {
    try (Jedis jedis = pool.getResource()) {
      jedis.set("lingpai:refused:" + DigestUtils.sha256Hex(last), "40001", SetParams.setParams().nx().ex(10));
    }
  }
}
