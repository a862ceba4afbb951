import java.util.Set;
import me.chanjar.weixin.common.error.WxErrorException;
import me.chanjar.weixin.common.redis.JedisWxRedisOps;
import me.chanjar.weixin.mp.api.impl.WxMpServiceHttpClientImpl;
import me.chanjar.weixin.mp.config.WxMpHostConfig;
import me.chanjar.weixin.mp.config.impl.WxMpRedisConfigImpl;
import redis.clients.jedis.JedisPool;
import redis.clients.jedis.JedisPoolConfig;
import redis.clients.jedis.JedisSentinelPool;

/** Calls WeChat twice a second through WxJava: with a storage of its own, or with the token that Lingpai mirrors. */
public class Main {
  public static void main(String[] arguments) throws InterruptedException {
    WxMpRedisConfigImpl config = configFromEnvironment();
    config.setAppId(System.getenv("APP_ID"));
    config.setSecret(System.getenv("SECRET"));
    // The SDK's own way to another address.
    config.setHostConfig(WxMpHostConfig.builder().apiHost(System.getenv("PLATFORM_URL")).build());
    WxMpServiceHttpClientImpl service = new WxMpServiceHttpClientImpl();
    service.setWxMpConfigStorage(config);
    long endsAtMs = System.currentTimeMillis() + 1000L * Integer.parseInt(System.getenv("SECONDS"));
    while (System.currentTimeMillis() < endsAtMs) {
      int code = 0;
      try {
        service.getCallbackIP();
      } catch (WxErrorException refusal) {
        code = refusal.getError().getErrorCode();
      } catch (RuntimeException failure) {
        code = -2;
      }
      System.out.println("{\"atMs\":" + System.currentTimeMillis() + ",\"code\":" + code + "}");
      Thread.sleep(500);
    }
    System.exit(0);
  }

  private static WxMpRedisConfigImpl configFromEnvironment() {
    String sentinels = System.getenv("SENTINELS");
    if (sentinels != null) {
      Set<String> hosts = Set.of(sentinels.split(","));
      return new SharedTokenConfig(new JedisSentinelPool(System.getenv("MASTER"), hosts, new JedisPoolConfig(), 200));
    }
    String[] redis = System.getenv("REDIS").split("[:/]");
    JedisPool own = new JedisPool(new JedisPoolConfig(), redis[0], Integer.parseInt(redis[1]), 2000);
    return new WxMpRedisConfigImpl(new JedisWxRedisOps(own), "wx");
  }
}
