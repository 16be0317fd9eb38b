// The parts that a generator cannot make from docs/openapi.yaml: uploads that continue where they stopped, without an SDK of Storage; the
// end of jobs; registration for pushes. `Manifest`, `CreatedJob`, `CreatedFile`, `Job` and `JobPage` are generated models.
import Foundation

/// Addresses of the Firebase project. Those of a local suite are http://127.0.0.1:5001/PROJECT/REGION, …:9199, …:8080.
public struct Place {
    public let projectId: String
    public let functions: String
    public let storage: String
    public let firestore: String

    public init(
        projectId: String,
        functions: String? = nil,
        storage: String = "https://firebasestorage.googleapis.com",
        firestore: String = "https://firestore.googleapis.com"
    ) {
        self.projectId = projectId
        self.functions = functions ?? "https://us-central1-\(projectId).cloudfunctions.net"
        self.storage = storage
        self.firestore = firestore
    }
}

/// Stores on disk the addresses of uploads that have begun, so that another process continues where this one ended.
public protocol Sessions {
    func session(of path: String) -> String?
    func set(_ session: String?, of path: String)
}

public enum SyncError: Error {
    /// The server or Storage refused the request. The code is from the catalogue (docs/operations.md), and the message is for users.
    case refused(status: Int, code: String, message: String, retryAfterSeconds: Int?)
    /// There was no answer, or one that says nothing about the recordings. Make the same call again later.
    case notReached(String)
    /// A device id is 1 to 64 letters and digits.
    case badDeviceId
}

public final class SyncClient {
    private struct Call<Body: Encodable>: Encodable { let data: Body }
    private struct Result<Body: Decodable>: Decodable { let result: Body }
    private struct JobIds: Codable { let job_ids: [String] }

    private static let attempts = 4
    /// Size of a piece: the protocol requires multiples of 256 KiB. An interruption costs at most one piece.
    private static let piece: UInt64 = 256 * 1024

    private let place: Place
    private let sessions: Sessions
    private let idToken: (_ refresh: Bool) async throws -> String
    private let encoder = JSONEncoder()
    private let decoder = JSONDecoder()

    /// - Parameter idToken: returns the ID token of Firebase Auth; a new one if `refresh` is true.
    public init(place: Place, sessions: Sessions, idToken: @escaping (_ refresh: Bool) async throws -> String) {
        self.place = place
        self.sessions = sessions
        self.idToken = idToken
        let dates = ISO8601DateFormatter()
        dates.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        decoder.dateDecodingStrategy = .custom { decoder in
            let text = try decoder.singleValueContainer().decode(String.self)
            guard let date = dates.date(from: text) else { throw SyncError.notReached("\(text) is no time.") }
            return date
        }
    }

    /// Creates a job, or returns it with its progress if it exists: the same key and manifest mean the same job. Keep the key until the job
    /// has ended.
    public func createJob(_ manifest: Manifest) async throws -> CreatedJob {
        let body = try await call("createSyncJob", manifest)
        return try decoder.decode(Result<CreatedJob>.self, from: body).result
    }

    /// Uploads what the job still expects. - Parameter audio: gives the file of a recording, by its name.
    public func uploadExpected(_ job: CreatedJob, audio: (_ name: String) -> URL) async throws {
        for file in job.files where file.state == .expected {
            try await upload(bucket: job.bucket, path: file.path, audio: audio(file.name))
        }
    }

    public func status(_ jobId: String) async throws -> Job {
        try decoder.decode(Job.self, from: try await get("syncStatus?job_id=\(encoded(jobId))"))
    }

    /// Ids of the user's jobs that have ended and are not acknowledged, from all devices. Ask at each launch, because pushes get lost.
    public func unacknowledged() async throws -> [String] {
        var ids: [String] = []
        var token: String?
        repeat {
            let from = token.map { "&page_token=\(encoded($0))" } ?? ""
            let page = try decoder.decode(JobPage.self, from: try await get("syncJobs?limit=100\(from)"))
            ids += page.jobs.filter { $0.finishedAt != nil && $0.acknowledgedAt == nil }.map { $0.jobId }
            token = page.nextPageToken
        } while token != nil
        return ids
    }

    /// Completes ended jobs: `handle` deletes the audio of recordings that are done and shows new conversations. A job is acknowledged
    /// afterwards, so a process that dies during `handle` gets the job again.
    public func completeJobs(_ jobIds: [String], handle: (Job) async throws -> Void) async throws {
        for jobId in jobIds {
            let job = try await status(jobId)
            if job.finishedAt == nil { continue }
            try await handle(job)
            _ = try await call("acknowledgeSyncJobs", JobIds(job_ids: [jobId]))
        }
    }

    /// Registers the device for pushes. Call it at each launch, and whenever FCM gives a new token.
    /// - Parameter deviceId: at most 64 letters and digits, also the `device_id` of uploads.
    public func register(uid: String, deviceId: String, fcmToken: String) async throws {
        guard deviceId.range(of: "^[A-Za-z0-9]{1,64}$", options: .regularExpression) != nil else {
            throw SyncError.badDeviceId
        }
        let documents = "projects/\(place.projectId)/databases/(default)/documents"
        let fields = ["fcmToken": ["stringValue": fcmToken], "platform": ["stringValue": "ios"]]
        let update: [String: Any] = ["name": "\(documents)/users/\(uid)/devices/\(deviceId)", "fields": fields]
        let transforms = [["fieldPath": "updatedAt", "setToServerValue": "REQUEST_TIME"]]
        let writes: [String: Any] = ["writes": [["update": update, "updateTransforms": transforms]]]
        let body = try JSONSerialization.data(withJSONObject: writes)
        _ = try await authorised("\(place.firestore)/v1/\(documents):commit", body: body)
    }

    /// Uploads one object in pieces. It resumes at the byte that Storage has reached, in this process or a later one.
    public func upload(bucket: String, path: String, audio: URL) async throws {
        var failures = 0
        let file = try FileHandle(forReadingFrom: audio)
        defer { try? file.close() }
        let size = try file.seekToEnd()
        while true {
            do {
                let session: String
                if let known = sessions.session(of: path) {
                    session = known
                } else {
                    session = try await begin(bucket: bucket, path: path, size: size)
                }
                let isSent = try await sendRest(session, file, size)
                if isSent { break }
                sessions.set(nil, of: path) // Storage has forgotten it.
            } catch SyncError.notReached(let message) {
                failures += 1
                if failures == Self.attempts { throw SyncError.notReached(message) }
                try await Task.sleep(nanoseconds: UInt64(1 << failures) * 1_000_000_000)
            }
        }
        sessions.set(nil, of: path)
    }

    private func begin(bucket: String, path: String, size: UInt64) async throws -> String {
        let url = "\(place.storage)/v0/b/\(bucket)/o?name=\(encoded(path))"
        let headers = [
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Header-Content-Length": "\(size)",
            "X-Goog-Upload-Header-Content-Type": "application/octet-stream",
        ]
        let body = try encoder.encode(["name": path, "contentType": "application/octet-stream"])
        let (_, answer) = try await authorised(url, body: body, headers: headers, scheme: "Firebase")
        guard let session = answer.value(forHTTPHeaderField: "X-Goog-Upload-URL") else {
            throw SyncError.notReached("Somebody else answered for Storage.")
        }
        sessions.set(session, of: path) // Stored before the first byte is sent, so that no upload begins twice.
        return session
    }

    /// - Returns: false if Storage no longer knows the session.
    private func sendRest(_ session: String, _ file: FileHandle, _ size: UInt64) async throws -> Bool {
        let (_, at) = try await request(session, body: Data(), headers: ["X-Goog-Upload-Command": "query"])
        if [400, 404, 410].contains(at.statusCode) { return false }
        var status = try uploadStatus(at)
        var offset = UInt64(at.value(forHTTPHeaderField: "X-Goog-Upload-Size-Received") ?? "") ?? 0
        while status == "active" {
            try file.seek(toOffset: offset)
            let piece = try file.read(upToCount: Int(min(Self.piece, size - offset))) ?? Data()
            let isLast = offset + UInt64(piece.count) == size
            let command = isLast ? "upload, finalize" : "upload"
            let headers = ["X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": "\(offset)"]
            let (_, answer) = try await request(session, body: piece, headers: headers)
            if answer.statusCode == 400 { throw SyncError.notReached("Storage is at another byte.") }
            status = try uploadStatus(answer)
            offset += UInt64(piece.count)
        }
        return status == "final"
    }

    private func uploadStatus(_ answer: HTTPURLResponse) throws -> String {
        guard answer.statusCode == 200, let status = answer.value(forHTTPHeaderField: "X-Goog-Upload-Status") else {
            throw SyncError.notReached("Storage answered \(answer.statusCode).")
        }
        return status
    }

    private func call<Body: Encodable>(_ name: String, _ data: Body) async throws -> Data {
        try await authorised("\(place.functions)/\(name)", body: try encoder.encode(Call(data: data))).0
    }

    private func get(_ pathAndQuery: String) async throws -> Data {
        try await authorised("\(place.functions)/\(pathAndQuery)", body: nil).0
    }

    /// Makes a request with an ID token, and once more with a new one if that is refused.
    private func authorised(
        _ url: String,
        body: Data?,
        headers: [String: String] = [:],
        scheme: String = "Bearer"
    ) async throws -> (Data, HTTPURLResponse) {
        var headers = headers
        headers["Content-Type"] = "application/json"
        headers["Authorization"] = "\(scheme) \(try await idToken(false))"
        var answer = try await request(url, body: body, headers: headers)
        if answer.1.statusCode == 401 {
            headers["Authorization"] = "\(scheme) \(try await idToken(true))"
            answer = try await request(url, body: body, headers: headers)
        }
        if answer.1.statusCode < 300 { return answer }
        throw refusal(answer.0, answer.1)
    }

    /// Only an answer with a code of this service or of Google says anything about the recordings.
    private func refusal(_ body: Data, _ answer: HTTPURLResponse) -> SyncError {
        let json = try? JSONSerialization.jsonObject(with: body) as? [String: Any]
        let error = json?["error"] as? [String: Any]
        let own = error?["details"] as? [String: Any] ?? error
        guard let own = own, let code = own["code"] else {
            return .notReached("HTTP \(answer.statusCode) without an error of the server.")
        }
        let header = answer.value(forHTTPHeaderField: "Retry-After").flatMap { Int($0) }
        return .refused(
            status: answer.statusCode,
            code: "\(code)",
            message: own["message"] as? String ?? "",
            retryAfterSeconds: header ?? own["retry_after_seconds"] as? Int
        )
    }

    private func request(
        _ url: String,
        body: Data?,
        headers: [String: String]
    ) async throws -> (Data, HTTPURLResponse) {
        guard let address = URL(string: url) else { throw SyncError.notReached("\(url) is no address.") }
        var request = URLRequest(url: address, timeoutInterval: 150)
        request.allHTTPHeaderFields = headers
        if let body = body {
            request.httpMethod = "POST"
            request.httpBody = body
        }
        do {
            let (data, answer) = try await URLSession.shared.data(for: request)
            guard let answer = answer as? HTTPURLResponse else { throw SyncError.notReached("No HTTP.") }
            return (data, answer)
        } catch let error as URLError {
            throw SyncError.notReached("The network failed: \(error.code.rawValue)")
        }
    }

    private func encoded(_ text: String) -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? text
    }
}
