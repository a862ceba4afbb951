import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Pattern;

class Plain {
  static final HttpClient http = HttpClient.newHttpClient();
  static String held = "";
  static long untilNs = System.nanoTime();

  /** A live token, as JSON; credential("/rejections", "{\"fingerprint\":\"…\",\"code\":40001}") replaces a refused one. */
  static synchronized String credential(String path, String body) throws Exception {
    long sentNs = System.nanoTime();
    if (body == null && sentNs < untilNs) return held;
    URI uri = URI.create(System.getenv("LINGPAI_URL") + "/v1/credentials/" + System.getenv("LINGPAI_REF") + path);
    HttpRequest.Builder asked = HttpRequest.newBuilder(uri).header("Authorization", "Bearer " + System.getenv("LINGPAI_KEY"));
    if (body != null) asked.header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
    held = http.send(asked.build(), BodyHandlers.ofString()).body();
    untilNs = sentNs + 1_000_000 * Math.min(5_000, Math.min(Long.parseLong(field(held, "renewsInMs")), Long.parseLong(field(held, "expiresInMs"))));
    return held;
  }

  /** A field of a flat JSON answer; your JSON library does as well. */
  static String field(String json, String name) {
    return Pattern.compile("\"" + name + "\":\"?([^\",}]*)").matcher(json).results().findFirst().orElseThrow().group(1);
  }
}
