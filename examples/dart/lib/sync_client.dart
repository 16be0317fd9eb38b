// The parts that a generator cannot make from docs/openapi.yaml: uploads that continue where they stopped, without an SDK of Storage; the
// end of jobs; registration for pushes. Answers are JSON as they came: give them to the generated models (`Job.fromJson`).

import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'package:http/http.dart' as http;

typedef Json = Map<String, dynamic>;

/// Addresses of the Firebase project. Those of a local suite are http://10.0.2.2:5001/PROJECT/REGION, …:9199, …:8080.
class Place {
  Place(this.projectId, {String? functions, String? storage, String? firestore})
      : functions = functions ?? 'https://us-central1-$projectId.cloudfunctions.net',
        storage = storage ?? 'https://firebasestorage.googleapis.com',
        firestore = firestore ?? 'https://firestore.googleapis.com';

  final String projectId;
  final String functions;
  final String storage;
  final String firestore;
}

/// Stores on disk (`drift`, `sqflite`) the addresses of uploads that have begun, so that another process continues where this one ended.
abstract class Sessions {
  Future<String?> read(String path);
  Future<void> write(String path, String session);
  Future<void> remove(String path);
}

/// The server or Storage refused the request. [code] is from the catalogue (docs/operations.md), and [message] is for users.
class Refused implements Exception {
  Refused(this.status, this.code, this.message, this.retryAfterSeconds);

  final int status;
  final String code;
  final String message;
  final int? retryAfterSeconds;

  @override
  String toString() => 'Refused: $code: $message';
}

/// There was no answer, or one that says nothing about the recordings. Make the same call again later.
class NotReached implements Exception {
  NotReached(this.message);

  final String message;

  @override
  String toString() => 'NotReached: $message';
}

class SyncClient {
  /// [idToken] returns the ID token of Firebase Auth: `user.getIdToken(refresh)`.
  SyncClient({
    required this.place,
    required this.sessions,
    required this.idToken,
    http.Client? client,
  }) : _http = client ?? http.Client();

  final Place place;
  final Sessions sessions;
  final Future<String> Function(bool refresh) idToken;
  final http.Client _http;

  static const _attempts = 4;

  /// Size of a piece: the protocol requires multiples of 256 KiB. An interruption costs at most one piece.
  static const _piece = 256 * 1024;

  static final _deviceId = RegExp(r'^[A-Za-z0-9]{1,64}$');

  /// Creates a job, or returns it with its progress if it exists: the same key and manifest mean the same job. Keep the key until the job
  /// has ended.
  Future<Json> createJob(Json manifest) async => (await _call('createSyncJob', manifest))['result'] as Json;

  /// Uploads what the job still expects. [audioOf] gives the file of a recording, by its name.
  Future<void> uploadExpected(Json job, File Function(String name) audioOf) async {
    for (final file in (job['files'] as List).cast<Json>()) {
      if (file['state'] != 'expected') continue;
      await upload(job['bucket'] as String, file['path'] as String, audioOf(file['name'] as String));
    }
  }

  Future<Json> status(String jobId) => _get('syncStatus?job_id=${Uri.encodeComponent(jobId)}');

  /// Ids of the user's jobs that have ended and are not acknowledged, from all devices. Ask at each launch, because pushes get lost.
  Future<List<String>> unacknowledged() async {
    final ids = <String>[];
    String? token;
    do {
      final from = token == null ? '' : '&page_token=${Uri.encodeComponent(token)}';
      final page = await _get('syncJobs?limit=100$from');
      for (final job in (page['jobs'] as List).cast<Json>()) {
        if (job['finished_at'] != null && job['acknowledged_at'] == null) ids.add(job['job_id'] as String);
      }
      token = page['next_page_token'] as String?;
    } while (token != null);
    return ids;
  }

  /// Completes ended jobs: [handle] deletes the audio of recordings that are done and shows new conversations. A job is acknowledged
  /// afterwards, so a process that dies during `handle` gets the job again.
  Future<void> completeJobs(List<String> jobIds, Future<void> Function(Json job) handle) async {
    for (final jobId in jobIds) {
      final job = await status(jobId);
      if (job['finished_at'] == null) continue;
      await handle(job);
      await _call('acknowledgeSyncJobs', {
        'job_ids': [jobId],
      });
    }
  }

  /// Registers the device for pushes. Call it at each launch, and whenever FCM gives a new token. [deviceId] has at most 64 letters and
  /// digits, and is also the `device_id` of uploads.
  Future<void> register({
    required String uid,
    required String deviceId,
    required String fcmToken,
    required String platform,
  }) async {
    if (!_deviceId.hasMatch(deviceId)) throw ArgumentError('A device id is 1 to 64 letters and digits.');
    final documents = 'projects/${place.projectId}/databases/(default)/documents';
    final write = {
      'update': {
        'name': '$documents/users/$uid/devices/$deviceId',
        'fields': {
          'fcmToken': {'stringValue': fcmToken},
          'platform': {'stringValue': platform},
        },
      },
      'updateTransforms': [
        {'fieldPath': 'updatedAt', 'setToServerValue': 'REQUEST_TIME'},
      ],
    };
    await _authorised('${place.firestore}/v1/$documents:commit', body: {
      'writes': [write],
    });
  }

  /// Uploads one object in pieces. It resumes at the byte that Storage has reached, in this process or a later one.
  Future<void> upload(String bucket, String path, File audio) async {
    var failures = 0;
    final bytes = await audio.open();
    try {
      while (true) {
        try {
          final session = await sessions.read(path) ?? await _begin(bucket, path, await bytes.length());
          if (await _sendRest(session, bytes)) break;
          await sessions.remove(path); // Storage has forgotten it.
        } on NotReached {
          failures += 1;
          if (failures == _attempts) rethrow;
          await Future<void>.delayed(Duration(seconds: 1 << failures));
        }
      }
    } finally {
      await bytes.close();
    }
    await sessions.remove(path);
  }

  Future<String> _begin(String bucket, String path, int size) async {
    final answer = await _authorised(
      '${place.storage}/v0/b/$bucket/o?name=${Uri.encodeComponent(path)}',
      scheme: 'Firebase',
      headers: {
        'X-Goog-Upload-Protocol': 'resumable',
        'X-Goog-Upload-Command': 'start',
        'X-Goog-Upload-Header-Content-Length': '$size',
        'X-Goog-Upload-Header-Content-Type': 'application/octet-stream',
      },
      body: {'name': path, 'contentType': 'application/octet-stream'},
    );
    final session = answer.headers['x-goog-upload-url'];
    if (session == null) throw NotReached('Somebody else answered for Storage.');
    await sessions.write(path, session); // Stored before the first byte is sent, so that no upload begins twice.
    return session;
  }

  /// Returns false if Storage no longer knows the session.
  Future<bool> _sendRest(String session, RandomAccessFile audio) async {
    final at = await _post(session, Uint8List(0), {'X-Goog-Upload-Command': 'query'});
    if (const [400, 404, 410].contains(at.statusCode)) return false;
    var status = _uploadStatus(at);
    var offset = int.tryParse(at.headers['x-goog-upload-size-received'] ?? '') ?? 0;
    final size = await audio.length();
    while (status == 'active') {
      await audio.setPosition(offset);
      final piece = await audio.read(_piece);
      final isLast = offset + piece.length == size;
      final answer = await _post(session, piece, {
        'X-Goog-Upload-Command': isLast ? 'upload, finalize' : 'upload',
        'X-Goog-Upload-Offset': '$offset',
      });
      if (answer.statusCode == 400) throw NotReached('Storage is at another byte.');
      status = _uploadStatus(answer);
      offset += piece.length;
    }
    return status == 'final';
  }

  String _uploadStatus(http.Response answer) {
    if (answer.statusCode != 200) throw NotReached('Storage answered ${answer.statusCode}.');
    return answer.headers['x-goog-upload-status'] ?? (throw NotReached('Somebody else answered for Storage.'));
  }

  Future<Json> _call(String name, Json data) async =>
      _decoded(await _authorised('${place.functions}/$name', body: {'data': data}));

  Future<Json> _get(String pathAndQuery) async => _decoded(await _authorised('${place.functions}/$pathAndQuery'));

  Json _decoded(http.Response answer) => jsonDecode(utf8.decode(answer.bodyBytes)) as Json;

  /// Makes a request with an ID token, and once more with a new one if that is refused. Without [body], it is a GET. Throws [Refused].
  Future<http.Response> _authorised(
    String url, {
    Json? body,
    Map<String, String> headers = const {},
    String scheme = 'Bearer',
  }) async {
    Future<http.Response> ask(bool refresh) async {
      final all = {
        ...headers,
        'Authorization': '$scheme ${await idToken(refresh)}',
        'Content-Type': 'application/json',
      };
      return body == null ? _answered(_http.get(Uri.parse(url), headers: all)) : _post(url, utf8.encode(jsonEncode(body)), all);
    }

    var answer = await ask(false);
    if (answer.statusCode == 401) answer = await ask(true);
    if (answer.statusCode < 300) return answer;
    throw _refusal(answer);
  }

  /// Only an answer with a code of this service or of Google says anything about the recordings.
  Exception _refusal(http.Response answer) {
    Object? error;
    try {
      error = _decoded(answer)['error'];
    } on Object {
      error = null;
    }
    final details = error is Json ? error['details'] : null;
    final own = details is Json ? details : error;
    if (own is! Json || own['code'] == null) return NotReached('HTTP ${answer.statusCode} without an error of the server.');
    final retryAfter = int.tryParse(answer.headers['retry-after'] ?? '') ?? own['retry_after_seconds'] as int?;
    return Refused(answer.statusCode, '${own['code']}', '${own['message']}', retryAfter);
  }

  Future<http.Response> _post(String url, List<int> body, Map<String, String> headers) =>
      _answered(_http.post(Uri.parse(url), headers: headers, body: body));

  Future<http.Response> _answered(Future<http.Response> answer) async {
    try {
      return await answer.timeout(const Duration(seconds: 150));
    } on Exception catch (error) {
      throw NotReached('The network failed: $error');
    }
  }
}
