import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.ChecksumType;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** AWS SDK for Java v2 against weftkit/filestore: one check per method, named as it is printed. */
public final class Checks {
  private static final URI ENDPOINT = URI.create("http://127.0.0.1:" + System.getenv("WEFTKIT_TEST_PORT"));
  private static final String USER = System.getenv("WEFTKIT_TEST_USER");
  private static final String PASSWORD = System.getenv("WEFTKIT_TEST_PASSWORD");
  private static final List<ChecksumAlgorithm> ALGORITHMS =
      List.of(
          ChecksumAlgorithm.CRC32,
          ChecksumAlgorithm.CRC32_C,
          ChecksumAlgorithm.SHA1,
          ChecksumAlgorithm.SHA256);
  private static boolean failed = false;

  private interface Run {
    void run() throws Exception;
  }

  private static void check(String name, Run run) {
    try {
      run.run();
      System.out.println("ok " + name);
    } catch (Throwable reason) {
      failed = true;
      System.out.println("not ok " + name + ": " + reason.toString().replace('\n', ' '));
    }
  }

  private static void expect(String what, boolean ok) {
    if (!ok) throw new AssertionError(what);
  }

  private static byte[] random(int size) {
    byte[] content = new byte[size];
    new Random().nextBytes(content);
    return content;
  }

  private static StaticCredentialsProvider credentials(String password) {
    return StaticCredentialsProvider.create(AwsBasicCredentials.create(USER, password));
  }

  private static S3Client connect(String password, boolean chunks) {
    return S3Client.builder()
        .endpointOverride(ENDPOINT)
        .region(Region.US_EAST_1)
        .forcePathStyle(true)
        .httpClientBuilder(UrlConnectionHttpClient.builder())
        .credentialsProvider(credentials(password))
        .serviceConfiguration(S3Configuration.builder().chunkedEncodingEnabled(chunks).build())
        .build();
  }

  private static void create(S3Client client, String bucket) {
    client.createBucket(request -> request.bucket(bucket));
  }

  private static byte[] read(S3Client client, String bucket, String key) {
    return client
        .getObjectAsBytes(request -> request.bucket(bucket).key(key).checksumMode(ChecksumMode.ENABLED))
        .asByteArray();
  }

  private static void expectCode(String code, Runnable run) {
    try {
      run.run();
    } catch (S3Exception error) {
      expect(error.toString(), error.awsErrorDetails().errorCode().equals(code));
      return;
    }
    throw new AssertionError("it was accepted");
  }

  private static void refusesAWrongPassword() {
    try (S3Client client = connect("wrong", true)) {
      expectCode("SignatureDoesNotMatch", client::listBuckets);
    }
  }

  private static void keepsObjects() {
    try (S3Client client = connect(PASSWORD, true)) {
      String bucket = "java-objects";
      create(client, bucket);
      String key = "a b+(ü)!'*";
      client.putObject(
          request -> request.bucket(bucket).key(key).contentType("text/plain").metadata(Map.of("k", "v")),
          RequestBody.fromString("text"));
      var head = client.headObject(request -> request.bucket(bucket).key(key));
      expect(head.toString(), head.contentLength() == 4 && head.metadata().get("k").equals("v"));
      expect("content", new String(read(client, bucket, key)).equals("text"));
      var keys =
          client.listObjectsV2Paginator(request -> request.bucket(bucket)).contents().stream()
              .map(object -> object.key())
              .toList();
      expect(keys.toString(), keys.equals(List.of(key)));
      client.deleteObjects(
          request ->
              request
                  .bucket(bucket)
                  .delete(some -> some.objects(ObjectIdentifier.builder().key(key).build())));
      client.deleteBucket(request -> request.bucket(bucket));
    }
  }

  /** The SDK sends checksums as trailers of signed chunks, or in a header where there are no chunks. */
  private static void checksums(String bucket, boolean chunks) {
    try (S3Client client = connect(PASSWORD, chunks)) {
      create(client, bucket);
      byte[] content = random(300_000);
      for (ChecksumAlgorithm algorithm : ALGORITHMS) {
        String key = algorithm.toString();
        Consumer<PutObjectRequest.Builder> request =
            put -> put.bucket(bucket).key(key).checksumAlgorithm(algorithm);
        client.putObject(request, RequestBody.fromBytes(content));
        expect(key, Arrays.equals(read(client, bucket, key), content));
        client.putObject(
            request, RequestBody.fromInputStream(new ByteArrayInputStream(content), content.length));
        expect(key + " of a stream", Arrays.equals(read(client, bucket, key), content));
      }
    }
  }

  private static void refusesAWrongChecksum() {
    try (S3Client client = connect(PASSWORD, true)) {
      create(client, "java-wrong");
      expectCode(
          "BadDigest",
          () ->
              client.putObject(
                  request -> request.bucket("java-wrong").key("x").checksumCRC32("AAAAAA=="),
                  RequestBody.fromString("text")));
      try {
        read(client, "java-wrong", "x");
        throw new AssertionError("it was stored");
      } catch (NoSuchKeyException expected) {
        // As it should be.
      }
    }
  }

  private static void uploadsInParts() {
    try (S3Client client = connect(PASSWORD, true)) {
      String bucket = "java-parts";
      create(client, bucket);
      byte[] content = random(11 * 1024 * 1024);
      int partBytes = 5 * 1024 * 1024;
      for (ChecksumAlgorithm algorithm : List.of(ChecksumAlgorithm.CRC32, ChecksumAlgorithm.SHA256)) {
        String key = algorithm.toString();
        ChecksumType type =
            algorithm == ChecksumAlgorithm.CRC32 ? ChecksumType.FULL_OBJECT : ChecksumType.COMPOSITE;
        String id =
            client
                .createMultipartUpload(
                    request ->
                        request.bucket(bucket).key(key).checksumAlgorithm(algorithm).checksumType(type))
                .uploadId();
        List<CompletedPart> parts = new ArrayList<>();
        for (int at = 0; at < content.length; at += partBytes) {
          int number = parts.size() + 1;
          byte[] part = Arrays.copyOfRange(content, at, Math.min(content.length, at + partBytes));
          var sent =
              client.uploadPart(
                  request ->
                      request
                          .bucket(bucket)
                          .key(key)
                          .uploadId(id)
                          .partNumber(number)
                          .checksumAlgorithm(algorithm),
                  RequestBody.fromBytes(part));
          parts.add(
              CompletedPart.builder()
                  .partNumber(number)
                  .eTag(sent.eTag())
                  .checksumCRC32(sent.checksumCRC32())
                  .checksumSHA256(sent.checksumSHA256())
                  .build());
        }
        var completed =
            client.completeMultipartUpload(
                request ->
                    request
                        .bucket(bucket)
                        .key(key)
                        .uploadId(id)
                        .checksumType(type)
                        .multipartUpload(upload -> upload.parts(parts)));
        expect(completed.toString(), completed.checksumType() == type);
        expect(key, Arrays.equals(read(client, bucket, key), content));
      }
    }
  }

  private static void presigns() throws Exception {
    try (S3Client client = connect(PASSWORD, true);
        S3Presigner signer =
            S3Presigner.builder()
                .endpointOverride(ENDPOINT)
                .region(Region.US_EAST_1)
                .serviceConfiguration(S3Configuration.builder().pathStyleAccessEnabled(true).build())
                .credentialsProvider(credentials(PASSWORD))
                .build()) {
      create(client, "java-presigned");
      HttpClient http = HttpClient.newHttpClient();
      var put =
          signer.presignPutObject(
              one ->
                  one.signatureDuration(Duration.ofMinutes(5))
                      .putObjectRequest(request -> request.bucket("java-presigned").key("x")));
      var sent =
          http.send(
              HttpRequest.newBuilder(put.url().toURI())
                  .PUT(HttpRequest.BodyPublishers.ofString("text"))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      expect(sent.body(), sent.statusCode() == 200);
      var get =
          signer.presignGetObject(
              one ->
                  one.signatureDuration(Duration.ofMinutes(5))
                      .getObjectRequest(request -> request.bucket("java-presigned").key("x")));
      var found =
          http.send(
              HttpRequest.newBuilder(get.url().toURI()).build(), HttpResponse.BodyHandlers.ofString());
      expect(found.body(), found.body().equals("text"));
    }
  }

  private static void writesOnConditions() {
    try (S3Client client = connect(PASSWORD, true)) {
      create(client, "java-conditions");
      Consumer<PutObjectRequest.Builder> first =
          request -> request.bucket("java-conditions").key("x").ifNoneMatch("*");
      String etag = client.putObject(first, RequestBody.fromString("one")).eTag();
      expectCode("PreconditionFailed", () -> client.putObject(first, RequestBody.fromString("two")));
      client.putObject(
          request -> request.bucket("java-conditions").key("x").ifMatch(etag),
          RequestBody.fromString("two"));
      expect("content", new String(read(client, "java-conditions", "x")).equals("two"));
    }
  }

  public static void main(String[] arguments) {
    check("refuses a wrong password", Checks::refusesAWrongPassword);
    check("keeps objects", Checks::keepsObjects);
    check("checksums in trailers", () -> checksums("java-trailers", true));
    check("checksums in headers", () -> checksums("java-headers", false));
    check("refuses a wrong checksum", Checks::refusesAWrongChecksum);
    check("uploads in parts", Checks::uploadsInParts);
    check("presigns", Checks::presigns);
    check("writes on conditions", Checks::writesOnConditions);
    if (failed) System.exit(1);
  }
}
