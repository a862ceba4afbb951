import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Set;

/** Calls the platform twice a second with the token of a token server. */
public class Main {
  public static void main(String[] arguments) throws Exception {
    long endsAtMs = System.currentTimeMillis() + 1000L * Integer.parseInt(System.getenv("SECONDS"));
    while (System.currentTimeMillis() < endsAtMs) {
      int code = -2;
      try {
        code = call();
      } catch (Exception failure) { /* no answer */ }
      System.out.println("{\"atMs\":" + System.currentTimeMillis() + ",\"code\":" + code + "}");
      Thread.sleep(500);
    }
    System.exit(0);
  }

  private static int call() throws Exception {
    String present = Plain.credential("", null);
    String url = System.getenv("PLATFORM_URL") + "/cgi-bin/getcallbackip?access_token=" + Plain.field(present, "secret");
    String answer = Plain.http.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString()).body();
    int code = answer.contains("\"errcode\"") ? Integer.parseInt(Plain.field(answer, "errcode")) : 0;
    if (Set.of(40001, 40014, 42001).contains(code))
      Plain.credential("/rejections", "{\"fingerprint\":\"" + Plain.field(present, "fingerprint") + "\",\"code\":" + code + "}");
    return code;
  }
}
