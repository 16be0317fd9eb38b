import com.google.firebase.rules.lang.CompileResult;
import com.google.firebase.rules.lang.FirebaseRulesProtoCompiler;
import com.google.firebase.rules.runtime.evaluators.AuthRuleEvaluator.RuleContext;
import com.google.firebase.rules.runtime.impl.DefaultEvaluator;
import com.google.firebase.rules.runtime.utils.PathUtils;
import com.google.firebase.rules.runtime.v1.ExpressionValue;
import com.google.firebase.rules.runtime.v1.RulesetAst;
import com.google.firebase.rules.v1.File;
import com.google.firebase.rules.v1.Issue;
import com.google.firebase.rules.v1.Source;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.util.JsonFormat;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The rules runtime of the Storage emulator, for machines that cannot download the official one. It evaluates with the rules
 * engine inside the Firestore emulator's JAR, which is the same engine and has the `firebase.storage` service.
 *
 * Protocol (firebase-tools, lib/emulator/storage/rules/runtime.js): one JSON request a line on stdin, one JSON answer a
 * line on stdout; `{"id": -1}` says that it is ready. There are no Firestore look-ups from Storage rules: the engine warns of
 * `firestore` as an unknown name when it loads such rules, and denies with an error when it evaluates them.
 */
public final class StorageRulesRuntime {
  private static final JsonFormat.Parser PROTO = JsonFormat.parser().ignoringUnknownFields();

  private final Map<String, RulesetAst> rulesets = new HashMap<>();

  public static void main(String[] args) throws IOException {
    var out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    System.setOut(System.err); // Whatever a library prints must not end up between the answers.
    out.println("{\"id\":-1,\"status\":\"ok\"}");
    var runtime = new StorageRulesRuntime();
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      if (!line.isBlank()) out.println(runtime.answer(JsonParser.parseString(line).getAsJsonObject()));
    }
  }

  private JsonObject answer(JsonObject request) {
    var errors = new JsonArray();
    var warnings = new JsonArray();
    var answer = new JsonObject();
    answer.add("id", request.get("id"));
    answer.addProperty("status", "ok");
    answer.add("errors", errors);
    answer.add("warnings", warnings);
    try {
      var context = request.getAsJsonObject("context");
      var action = request.get("action").getAsString();
      switch (action) {
        case "load_ruleset" -> answer.add("result", load(context, errors, warnings));
        case "verify" -> answer.add("result", verify(context));
        default -> errors.add("Unknown action: " + action);
      }
    } catch (Exception e) {
      errors.add(String.valueOf(e.getMessage()));
    }
    return answer;
  }

  private JsonObject load(JsonObject context, JsonArray errors, JsonArray warnings) {
    var source = Source.newBuilder();
    for (JsonElement element : context.getAsJsonObject("source").getAsJsonArray("files")) {
      var file = element.getAsJsonObject();
      source.addFiles(File.newBuilder()
          .setName(file.get("name").getAsString())
          .setContent(file.get("content").getAsString()));
    }
    CompileResult compiled = FirebaseRulesProtoCompiler.createStandalone().compile(source.build());
    for (Issue issue : compiled.getIssues()) {
      var position = issue.getSourcePosition();
      var text = position.getLine() + ":" + position.getColumn() + " " + issue.getDescription();
      (issue.getSeverity() == Issue.Severity.ERROR ? errors : warnings).add(text);
    }
    RulesetAst ruleset = compiled.getRulesetAst();
    if (errors.isEmpty()) rulesets.put(context.get("rulesetName").getAsString(), ruleset);
    var result = new JsonObject();
    result.addProperty("rulesVersion", ruleset == null ? 1 : Math.max(1, ruleset.getVersionValue()));
    return result;
  }

  private JsonObject verify(JsonObject context) throws Exception {
    var rule = RuleContext.builder()
        .service(context.get("service").getAsString())
        .method(context.get("method").getAsString())
        .path(PathUtils.parseRaw(context.get("path").getAsString()));
    for (Map.Entry<String, JsonElement> variable : context.getAsJsonObject("variables").entrySet()) {
      var value = ExpressionValue.newBuilder();
      PROTO.merge(variable.getValue().toString(), value);
      rule.supplyVariable(variable.getKey(), value.build());
    }
    var evaluator = new DefaultEvaluator(rulesets.get(context.get("rulesetName").getAsString()));
    var result = new JsonObject();
    result.addProperty("permit", evaluator.evaluate(rule.build()).get().permit());
    return result;
  }
}
