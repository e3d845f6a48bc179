<?php
// Upload, search, page through, delete: php examples/search.php URL PHOTO [PHOTO ...]
// PIVOT_KEY holds the key, where the service asks for one. Needs PHP's curl extension.

[, $url] = $argv;
$photos = array_slice($argv, 2);
$collection = "$url/v1/collections/php-example";

/** A problem document: `type` is for programs, the message for people. */
class Problem extends RuntimeException
{
    public function __construct(public readonly array $problem)
    {
        parent::__construct(trim("{$problem['detail']} " . ($problem['remedy'] ?? '')));
    }
}

function ask(string $address, mixed $body = null, array $headers = []): array
{
    if ($key = getenv('PIVOT_KEY')) {
        $headers[] = "Authorization: Bearer $key";
    }
    $request = curl_init($address);
    curl_setopt_array($request, [CURLOPT_RETURNTRANSFER => true, CURLOPT_HTTPHEADER => $headers]);
    if ($body !== null) {
        curl_setopt($request, CURLOPT_POSTFIELDS, $body);
    }
    $answer = curl_exec($request);
    if ($answer === false) {
        throw new RuntimeException(curl_error($request));
    }
    $document = json_decode($answer, true, flags: JSON_THROW_ON_ERROR);
    if (curl_getinfo($request, CURLINFO_RESPONSE_CODE) >= 400) {
        throw new Problem($document);
    }
    return $document;
}

function post(string $address, array $body): array
{
    return ask($address, json_encode($body), ['Content-Type: application/json']);
}

try {
    try {
        post("$url/v1/collections", ['name' => 'php-example']);
    } catch (Problem $error) {
        if ($error->problem['type'] !== 'urn:pivot:collection-exists') {
            throw $error;
        }
    }

    $form = ['metadata' => json_encode(['album' => 'example'])];
    $captions = $ids = [];
    foreach ($photos as $number => $photo) {
        $form["files[$number]"] = new CURLFile($photo, null, basename($photo));
        $captions[] = [['text' => basename($photo), 'language' => 'en']];
        $ids[] = "photo-$number";
    }
    $form += ['captions' => json_encode($captions), 'external_ids' => json_encode($ids)];
    // The same key with the same form again gives the same answer: a lost one can be asked for again.
    $added = ask("$collection/images", $form, ['Idempotency-Key: ' . bin2hex(random_bytes(16))]);
    foreach ($added['items'] as $item) {
        echo $item['filename'], ' ', $item['status'], ' ', $item['error']['detail'] ?? '', "\n";
    }

    $filter = ['metadata' => 'album', 'eq' => 'example'];
    $found = post("$collection/search", ['q' => 'rot', 'language' => 'de', 'filter' => $filter]);
    foreach ($found['results'] as $result) {
        printf("%d %s %.3f\n", $result['rank'], $result['image']['external_id'], $result['scores']['symmetric']);
    }

    $images = 0;
    $cursor = '';
    do {
        $page = ask("$collection/images?limit=2" . ($cursor ? '&cursor=' . urlencode($cursor) : ''));
        $images += count($page['images']);
        $cursor = $page['next_cursor'];
    } while ($cursor !== null);
    echo "$images images\n";

    $deleted = post("$collection/images/delete", ['external_ids' => ['photo-0']]);
    echo "{$deleted['deleted']} deleted\n";
} catch (RuntimeException $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
